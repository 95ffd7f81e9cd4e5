import { InvalidInputError } from '../errors.ts';

const GLOBAL_ID = /^([A-Z][A-Za-z]*)_([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;

/** `Invoice_0199…`: readable in logs, and still opaque by contract. */
export function encodeGlobalId(typename: string, uid: string): string {
  return `${typename}_${uid}`;
}

/** @throws {InvalidInputError} when it is not `Type_uuid`: what is not a UUID must not reach PostgreSQL. */
export function decodeGlobalId(globalId: string): { typename: string; id: string } {
  const [, typename, id] = GLOBAL_ID.exec(globalId) ?? [];
  if (typename === undefined || id === undefined) {
    throw new InvalidInputError([{ path: 'id', message: 'Must be a node id as given in a field `id`: Type_uuid.' }]);
  }
  return { typename, id };
}
