/**
 * The part of Standard Schema v1 (standardschema.dev) that a cache needs: any validator that
 * follows it fits, and none is a dependency.
 */
export interface StandardSchemaV1<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult | Promise<SchemaResult>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

export interface SchemaResult {
  readonly value?: unknown
  readonly issues?: readonly { readonly message: string }[] | undefined
}

/**
 * What a value must look like to pass: the input side, since a schema here checks and does not
 * transform.
 */
export type SchemaValue<S> = S extends { readonly '~standard': { readonly types?: infer T } }
  ? NonNullable<T> extends { readonly input: infer Input }
    ? Input
    : unknown
  : unknown
