import { InvalidInputError } from '../errors.ts';
import { isUuid } from '../input.ts';
import { mustBe } from './expected-values.ts';

const GLOBAL_ID = /^([A-Z][A-Za-z]*)_(.{36})$/;

/** `Invoice_0199…`: readable in logs, and still opaque by contract. */
export function encodeGlobalId(typename: string, uid: string): string {
  return `${typename}_${uid}`;
}

/** @throws {InvalidInputError} when it is not `Type_uuid`: what is not a UUID must not reach PostgreSQL. */
export function decodeGlobalId(globalId: string, path = 'id'): { typename: string; id: string } {
  const [, typename, id] = GLOBAL_ID.exec(globalId) ?? [];
  if (typename === undefined || id === undefined || !isUuid(id)) {
    throw new InvalidInputError([{ path, message: mustBe('ID') }]);
  }
  return { typename, id };
}
