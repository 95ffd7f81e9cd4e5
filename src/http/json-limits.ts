/** Limits of the JSON of a request, which bound the time and memory of parsing it and of its values. */
import { randomUUID } from 'node:crypto';
import type { GraphQLError } from 'graphql';
import { DecodedBase64 } from '../email/base64.ts';
import { InvalidInputError } from '../errors.ts';
import { MAX_LIST_LENGTH } from '../input.ts';
import { refusedRequest } from '../schema/refused-request.ts';

/** The values of `FILE_FIELD` are not counted. */
const MAX_JSON_BYTES = 8 * 1024 * 1024;
/** Levels of arrays and objects. */
const MAX_DEPTH = 64;
/** Strings, commas and opening brackets: an empty array of two bytes takes fifty once it is parsed. */
const MAX_TOKENS = 200_000;

/** The one input field whose values are files. */
const FILE_FIELD = 'dataBase64';
/** The text before the value of a file. `\"dataBase64"` is the end of another name. */
const BEFORE_FILE = new RegExp(`(?<!\\\\)"${FILE_FIELD}"\\s*:\\s*$`);
/** The name, the colon, and spaces. */
const BEFORE_FILE_LENGTH = 64;
/** In bytes. Shorter values stay strings, and are counted like any other. */
const MIN_FILE_LENGTH = 1_000;
/** A file is a field of an input object. A variable itself may be of any type, whatever its name. */
const MIN_FILE_DEPTH = 3;
/** Its names come from the client. */
const MAX_PATH_LENGTH = 200;

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];

/**
 * As `JSON.parse`, with the values of files as `DecodedBase64`. A random mark replaces each of them during parsing, so that their text is
 * never a string.
 * @throws {SyntaxError}
 * @throws {GraphQLError} that names the limit.
 */
export function parseJson(json: Buffer): unknown {
  const mark = randomUUID();
  const files = new Map<unknown, DecodedBase64>();
  const kept: Buffer[] = [];
  let end = 0;
  for (const file of findFiles(json)) {
    const name = `${mark}-${files.size}`;
    files.set(name, new DecodedBase64(json.subarray(file.start, file.end)));
    kept.push(json.subarray(end, file.start), Buffer.from(name));
    end = file.end;
  }
  const text = files.size === 0 ? json.toString() : Buffer.concat([...kept, json.subarray(end)]).toString();
  return files.size === 0 ? JSON.parse(text) : JSON.parse(text, (_name, value) => files.get(value) ?? value);
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Reads every byte once. `JSON.parse` decides whether it is JSON. */
function findFiles(json: Buffer): Span[] {
  const files: Span[] = [];
  let depth = 0;
  let tokens = 0;
  let counted = json.length;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--;
    if (byte !== QUOTE && byte !== COMMA && byte !== OPEN_BRACE && byte !== OPEN_BRACKET) continue;
    if (++tokens > MAX_TOKENS) throw tooLarge(`${MAX_TOKENS} strings, commas and brackets in its JSON`);
    if (byte === QUOTE) {
      const end = endOfString(json, at);
      if (depth >= MIN_FILE_DEPTH && end - at > MIN_FILE_LENGTH && isFile(json, at)) {
        files.push({ start: at + 1, end });
        counted -= end - at;
      }
      at = end;
    } else if (byte !== COMMA && ++depth > MAX_DEPTH) throw tooDeep();
  }
  if (counted > MAX_JSON_BYTES) throw tooLarge(`${MAX_JSON_BYTES} bytes of JSON apart from ${FILE_FIELD}`, counted);
  return files;
}

/** The index of the closing quote of a string. */
function endOfString(json: Buffer, start: number): number {
  const quote = json.indexOf(QUOTE, start + 1);
  if (quote === -1) return json.length;
  if (json[quote - 1] !== BACKSLASH) return quote;
  let at = start + 1;
  while (at < json.length && json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1;
  return at;
}

function isFile(json: Buffer, at: number): boolean {
  return BEFORE_FILE.test(json.toString('latin1', Math.max(0, at - BEFORE_FILE_LENGTH), at));
}

/**
 * Checks the lists of a parsed request.
 * @param params query, variables and extensions.
 * @throws {InvalidInputError} of a list that is too long.
 * @throws {GraphQLError} of too many levels.
 */
export function checkLists(params: object): void {
  for (const param of Object.values(params)) checkListsIn(param, '', 2);
}

/**
 * @param path of the value in the variables, dotted.
 * @param depth the level of the value, if it is an array or an object.
 */
function checkListsIn(value: unknown, path: string, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > MAX_DEPTH) throw tooDeep();
  if (Array.isArray(value) && value.length > MAX_LIST_LENGTH) {
    const message = `At most ${MAX_LIST_LENGTH} entries are allowed; there are ${value.length}.`;
    throw new InvalidInputError([{ path: path.slice(0, MAX_PATH_LENGTH), message }]);
  }
  for (const [name, each] of Object.entries(value))
    checkListsIn(each, path === '' ? name : `${path}.${name}`, depth + 1);
}

function tooDeep(): GraphQLError {
  const http = { status: 400 };
  return refusedRequest(`A request may have at most ${MAX_DEPTH} levels of arrays and objects.`, { http });
}

/** @param actual the value of the request, if it is known. */
export function tooLarge(allowed: string, actual?: number): GraphQLError {
  const message = `A request may have at most ${allowed}${actual === undefined ? '' : `; it has ${actual}`}.`;
  return refusedRequest(message, { http: { status: 413 } });
}
