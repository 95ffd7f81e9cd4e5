import { randomBytes } from 'node:crypto';
import { getNamedType, isInputObjectType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { bytesOf, DecodedBase64 } from '../../src/email/base64.ts';
import { checkLists, parseJson } from '../../src/http/json-limits.ts';
import { schema } from '../../src/schema/index.ts';

/** As a request is read, with what was decoded in base64 again, and where it was: `<…>`. */
function read(text: string): unknown {
  const params = parseJson(Buffer.from(text));
  return JSON.parse(
    JSON.stringify(params, function (this: Record<string, unknown>, name: string, given: unknown) {
      const raw = this[name];
      return raw instanceof DecodedBase64 ? `<${raw.bytes?.toString('base64')}>` : given;
    }),
  );
}

function request(dataBase64: unknown) {
  return { query: 'mutation { x }', variables: { input: { attachments: [{ filename: 'ä"\\.pdf', dataBase64 }] } } };
}

/** Long enough to be taken for a file. */
const LONG = 'YWJj'.repeat(300);

describe('the files of a request', () => {
  it('are decoded, and everything else is as it was', () => {
    for (const length of [1_000, 1_001, 1_002, 196_608, 196_609, 2_000_001]) {
      const base64 = randomBytes(length).toString('base64');
      const given = { ...request(base64), operationName: null, extensions: { list: [1.5e3, true, 'dataBase64', {}] } };
      expect(read(JSON.stringify(given))).toEqual({ ...given, ...request(`<${base64}>`) });
      const spaced = JSON.stringify(given, null, '\t').replaceAll('":', '" :\r\n ');
      expect(read(spaced)).toEqual({ ...given, ...request(`<${base64}>`) });
    }
  });

  it('may be several, and stay apart', () => {
    const files = [LONG, `${LONG}YQ==`, 'YWJj', `${LONG}YWI=`];
    const attachments = files.map((dataBase64) => ({ dataBase64 }));
    const shown = files.map((file) => ({ dataBase64: file.length > 4 ? `<${file}>` : file }));
    expect(read(JSON.stringify({ variables: { input: { attachments } } }))).toEqual({
      variables: { input: { attachments: shown } },
    });
  });

  it('may leave the padding out, and write "/" and "+" as JSON escapes', () => {
    const base64 = LONG + Buffer.from('fbeffffbefbe00fbff', 'hex').toString('base64');
    expect(base64).toMatch(/[+].*[/]/);
    const body = JSON.stringify(request(base64));
    for (const escaped of [body.replaceAll('/', '\\/'), body.replaceAll('/', '\\u002f').replaceAll('+', '\\u002B')]) {
      expect(read(escaped)).toEqual(request(`<${base64}>`));
    }
    expect(read(JSON.stringify(request(`${LONG}YWI`)))).toEqual(request(`<${LONG}YWI=>`));
  });

  it('are nothing when they are not base64, and short ones are strings', () => {
    const bad = [
      '*',
      '=',
      'A',
      `${LONG}A`,
      `${LONG}=`,
      `YQ==${LONG}`,
      `${LONG}-_==`,
      `${LONG}-_`,
      `${LONG}\n${LONG}`,
      `${LONG}"\\`,
      `ä${LONG}`,
      `${LONG}====`,
    ];
    for (const file of bad) {
      expect(bytesOf(file), file.slice(-5)).toBeNull();
      const shown = file.length < LONG.length ? file : '<undefined>';
      expect(read(JSON.stringify(request(file))), file.slice(-5)).toEqual(request(shown));
    }
    for (const [text, bytes] of [
      ['', ''],
      ['YQ', 'a'],
      ['YQ==', 'a'],
      ['YWJj', 'abc'],
      ['+/+/', '\xfb\xff\xbf'],
    ]) {
      expect(bytesOf(text ?? '')?.toString('latin1')).toBe(bytes);
    }
  });

  it('are fields of input objects: nothing else is decoded', () => {
    const given = {
      query: '{ a(dataBase64: "YWJj") }',
      dataBase64: LONG,
      variables: {
        dataBase64: LONG,
        list: ['dataBase64', LONG],
        input: { xdataBase64: LONG, data: LONG, 'a"dataBase64': LONG, dataBase64: [LONG, 5, null] },
        text: `"dataBase64":"${LONG}`,
      },
    };
    expect(read(JSON.stringify(given))).toEqual(given);
  });

  it('are those of the one field of the schema that takes base64', () => {
    const fields = Object.values(schema.getTypeMap()).flatMap((type) =>
      isInputObjectType(type) ? Object.values(type.getFields()) : [],
    );
    const base64 = fields.filter(({ name, type }) => name === 'dataBase64' || getNamedType(type).name === 'Base64');
    expect(base64.map(({ name, type }) => `${name}: ${type}`)).toEqual(['dataBase64: Base64']);
    expect(fields.filter(({ type }) => getNamedType(type).name === 'JSON')).toEqual([]);
  });
});

describe('the JSON of a request', () => {
  const check = (text: string) => () => parseJson(Buffer.from(text));
  const LIMIT = 8 * 1024 * 1024;
  const MB = 1024 * 1024;

  it('may have 8 MB, apart from files', () => {
    const sized = (bytes: number) => `{"variables":{"text":"${'x'.repeat(bytes - 25)}"}}`;
    expect(check(sized(LIMIT))).not.toThrow();
    expect(check(sized(LIMIT + 1))).toThrow(
      `A request may have at most ${LIMIT} bytes of JSON apart from dataBase64; it has ${LIMIT + 1}.`,
    );
    const file = 'A'.repeat(20 * MB);
    expect(check(JSON.stringify(request(file)))).not.toThrow();
    expect(check(JSON.stringify(request(file), null, 2).replaceAll('":', '"\t:\r\n '))).not.toThrow();
    expect(check(JSON.stringify({ ...request(file), extensions: { text: 'x'.repeat(LIMIT) } }))).toThrow('it has 83');
  });

  it.each([
    ['a name that is misspelt', (file: string) => JSON.stringify({ v: { input: { database64: file } } })],
    ['a longer name', (file: string) => JSON.stringify({ v: { input: { xdataBase64: file } } })],
    ['a name with a quote in it', (file: string) => JSON.stringify({ v: { input: { 'x"dataBase64': file } } })],
    ['a variable', (file: string) => JSON.stringify({ v: { dataBase64: file } })],
    ['a list of that name', (file: string) => JSON.stringify({ v: { input: { dataBase64: [file] } } })],
    ['a value behind that name', (file: string) => JSON.stringify({ v: { input: ['dataBase64', file] } })],
    ['a name itself', (file: string) => JSON.stringify({ v: { input: { dataBase64: { [file]: 1 } } } })],
    ['what is in a string', (file: string) => JSON.stringify({ v: { input: { text: `"dataBase64":"${file}"` } } })],
    ['spaces', (file: string) => JSON.stringify({ v: { input: { dataBase64: 'YWJj' } } }) + ' '.repeat(file.length)],
  ])('counts what is not a file: %s', (_what, make) => {
    expect(check(make('A'.repeat(9 * MB)))).toThrow('bytes of JSON apart from dataBase64; it has 94');
  });

  it('may have 64 levels, wherever strings have brackets in them', () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"[{\\"[":', '}'],
      ['[{},', ']'],
    ]) {
      const nested = (levels: number) =>
        (open ?? '').repeat(levels) + (open === '[' ? '' : '1') + (close ?? '').repeat(levels);
      expect(check(nested(63))).not.toThrow();
      expect(check(nested(65))).toThrow('A request may have at most 64 levels of arrays and objects.');
    }
  });

  it('may have 200,000 strings, commas and brackets', () => {
    for (const value of ['1', '[]', '{}', '""', '{"a":[0,1]}']) {
      expect(check(`[${Array(20_000).fill(value).join()}]`), value).not.toThrow();
      expect(check(`[${Array(200_001).fill(value).join()}]`), value).toThrow(
        'strings, commas and brackets in its JSON.',
      );
    }
  });
});

describe('the values of a request', () => {
  const check = (params: object) => () => checkLists(params);

  it('may be lists of 1,000 entries; a longer one is named with what is allowed', () => {
    const params = (length: number) => ({ variables: { input: { fresh: { to: Array(length).fill('@') } } } });
    expect(check(params(1_000))).not.toThrow();
    expect(check(params(1_001))).toThrow('input.fresh.to: At most 1000 entries are allowed; there are 1001.');
    const nested = { variables: { inputs: [{ a: 1 }, { b: [Array(1_001).fill(1)] }] } };
    expect(check(nested)).toThrow('inputs.1.b.0: At most 1000 entries are allowed; there are 1001.');
  });

  it('are named by the first 200 characters of their path', () => {
    const variables = { ['x'.repeat(1_000_000)]: Array(1_001).fill(1) };
    expect(check({ variables })).toThrow(new RegExp(`^${'x'.repeat(200)}: At most`));
  });

  it('may have 64 levels, also where they come from a URL', () => {
    const nested = (levels: number) => ({ variables: JSON.parse('['.repeat(levels - 1) + ']'.repeat(levels - 1)) });
    expect(check(nested(64))).not.toThrow();
    expect(check(nested(65))).toThrow('A request may have at most 64 levels of arrays and objects.');
  });
});
