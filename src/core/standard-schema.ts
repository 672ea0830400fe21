/**
 * The part of Standard Schema v1 (standardschema.dev) that a cache needs: any validator that
 * follows it fits, and none is a dependency.
 */
import { cloneValue } from './value.js'

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

/** The schema gets a copy: it could keep or change what others will be handed. */
export async function passes(schema: StandardSchemaV1, value: unknown): Promise<boolean> {
  try {
    const result = await schema['~standard'].validate(cloneValue(value))
    return result.issues === undefined
  } catch {
    return false
  }
}
