/**
 * Empty plain objects with room for a known number of properties inside the object itself.
 *
 * V8 gives `{}` room for four; the others go to an array beside it, which costs a copied row of six
 * 25 bytes (bench/footprint). Objects of a constructor get the room that its first instances came
 * to use, so there is one constructor for each number, taught at start. They are plain objects: the
 * prototype is Object.prototype, and nothing of the constructor shows.
 */
const MAX_ROOM = 24
/** After this many instances V8 settles how much room the following ones get. */
const LESSONS = 8

type Maker = new () => Record<string, unknown>

const MAKERS: readonly Maker[] = Array.from({ length: MAX_ROOM + 1 }, (_, room) => maker(room))

export function roomyRecord(properties: number): Record<string, unknown> {
  const Maker = MAKERS[properties]
  return Maker === undefined ? {} : new Maker()
}

function maker(room: number): Maker {
  // A function of its own each time: the room belongs to the constructor.
  const Room = function Room() {} as unknown as Maker & { prototype: object }
  Room.prototype = Object.prototype
  for (let lesson = 0; lesson < LESSONS; lesson++) {
    const record = new Room()
    for (let property = 0; property < room; property++) record[`p${property}`] = undefined
  }
  return Room
}
