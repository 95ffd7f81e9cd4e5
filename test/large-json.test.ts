import { randomBytes } from 'node:crypto';
import { getNamedType, isInputObjectType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { parseLargeJson } from '../src/large-json.ts';
import { DecodedBase64 } from '../src/email/base64.ts';
import { schema } from '../src/schema/index.ts';

async function* inPieces(body: Buffer, size: number) {
  for (let from = 0; from < body.length; from += size) yield body.subarray(from, from + size);
}

function parse(text: string | Buffer, size = 7, expectedBytes: number | null = null): Promise<unknown> {
  return parseLargeJson(inPieces(Buffer.from(text), size), expectedBytes);
}

/** With what was decoded in base64 again, and where it was: `<…>`. */
function shown(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, function (this: Record<string, unknown>, name: string, given: unknown) {
      const raw = this[name];
      return raw instanceof DecodedBase64 ? `<${raw.bytes.toString('base64')}>` : given;
    }),
  );
}

function request(dataBase64: unknown) {
  return { query: 'mutation { x }', variables: { input: { attachments: [{ filename: 'ä"\\.pdf', dataBase64 }] } } };
}

const SIZES = [1, 2, 3, 5, 64, 100_000];

describe('a large request', () => {
  it.each(SIZES)('has its files decoded and everything else as it was, in pieces of %i bytes', async (size) => {
    for (const length of [0, 1, 2, 3, 4, 5, 6, 7, 300]) {
      const base64 = randomBytes(length).toString('base64');
      const given = { ...request(base64), operationName: null, extensions: { list: [1.5e3, true, 'dataBase64', {}] } };
      expect(shown(await parse(JSON.stringify(given), size))).toEqual({ ...given, ...request(`<${base64}>`) });
      const spaced = JSON.stringify(given, null, '\t').replaceAll('":', '" :\r\n ');
      expect(shown(await parse(spaced, size))).toEqual({ ...given, ...request(`<${base64}>`) });
    }
  });

  it.each(SIZES)(
    'may leave the padding out, and write "/" and "+" as JSON escapes, in pieces of %i bytes',
    async (size) => {
      const base64 = Buffer.from('fbeffffbefbe00fbff', 'hex').toString('base64');
      expect(base64).toMatch(/[+].*[/]/);
      const body = JSON.stringify(request(base64));
      for (const escaped of [body.replaceAll('/', '\\/'), body.replaceAll('/', '\\u002f').replaceAll('+', '\\u002B')]) {
        expect(shown(await parse(escaped, size))).toEqual(request(`<${base64}>`));
      }
      expect(shown(await parse(JSON.stringify(request('YWI')), size))).toEqual(request('<YWI=>'));
    },
  );

  it.each(SIZES)('keeps as a string, which is refused, what is no base64, in pieces of %i bytes', async (size) => {
    const good = 'YWJj'.repeat(20);
    for (const bad of [
      '*',
      '=',
      'A',
      `${good}A`,
      `${good}=`,
      `YQ==${good}`,
      `${good}-_`,
      `${good}\n${good}`,
      `${good}"\\`,
      `ä${good}`,
    ]) {
      const attachments = [{ dataBase64: bad }, { dataBase64: good }];
      const parsed = shown(await parse(JSON.stringify({ variables: { input: { attachments } } }), size));
      expect(parsed).toEqual({
        variables: {
          input: {
            attachments: [{ dataBase64: expect.stringMatching(/^[^<].*[^A-Za-z0-9+/]/s) }, { dataBase64: `<${good}>` }],
          },
        },
      });
    }
    for (const other of [null, 5, ['YWJj'], { a: 'YWJj' }]) {
      expect(await parse(JSON.stringify(request(other)), size)).toEqual(request(other));
    }
  });

  it('leaves alone what only looks like a file', async () => {
    const given = {
      query: '{ a(dataBase64: "YWJj") }',
      dataBase64: 'YWJj',
      variables: {
        dataBase64: 'YWJj',
        list: ['dataBase64', 'YWJj'],
        input: { xdataBase64: 'YWJj', data: 'YWJj', 'a"dataBase64': 'YWJj' },
      },
    };
    for (const size of SIZES) expect(await parse(JSON.stringify(given), size)).toEqual(given);
  });

  it('with thousands of files has most of them left as they are', async () => {
    const attachments = Array.from({ length: 5_000 }, () => ({ dataBase64: 'YWJj' }));
    const parsed = JSON.stringify(
      shown(await parse(JSON.stringify({ variables: { input: { attachments } } }), 65_536)),
    );
    expect(parsed.match(/"<YWJj>"/g)).toHaveLength(100);
    expect(parsed.match(/"YWJj"/g)).toHaveLength(4_900);
  });

  it('names one field of the schema, that takes base64', () => {
    const fields = Object.values(schema.getTypeMap()).flatMap((type) =>
      isInputObjectType(type) ? Object.values(type.getFields()) : [],
    );
    const named = fields.filter(({ name }) => name === 'dataBase64').map(({ type }) => String(type));
    expect(named).toEqual(['Base64!']);
    expect(fields.filter(({ type }) => getNamedType(type).name === 'JSON')).toEqual([]);
  });

  it('is refused where JSON.parse refuses it', async () => {
    const body = JSON.stringify(request('YWJjZGVm'));
    const at = body.indexOf('ZGVm');
    const changed = (text: string) => body.slice(0, at) + text + body.slice(at);
    const broken = [
      '',
      '{',
      body.slice(0, at),
      body.slice(0, -1),
      `${body}x`,
      changed('\n'),
      changed('\\x'),
      changed('\\u00zz'),
      changed('"'),
    ];
    for (const size of SIZES) {
      for (const text of broken) await expect(parse(text, size), text).rejects.toThrow(SyntaxError);
    }
  });

  it('gives the very bytes of several files, whatever length was announced', async () => {
    const files = [5_000_000, 70_000, 2_000_001].map((length) => randomBytes(length));
    const attachments = files.map((bytes) => ({ dataBase64: bytes.toString('base64') }));
    const body = Buffer.from(JSON.stringify({ variables: { input: { attachments } } }));
    for (const expectedBytes of [null, 0, body.length, 45_000_000]) {
      const decoded: Buffer[] = [];
      await parseLargeJson(inPieces(body, 65_536), expectedBytes).then((parsed) =>
        JSON.stringify(parsed, function (this: Record<string, unknown>, name: string, given: unknown) {
          const raw = this[name];
          if (raw instanceof DecodedBase64) decoded.push(raw.bytes);
          return given;
        }),
      );
      expect(decoded.map((bytes, index) => bytes.equals(files[index] ?? Buffer.alloc(0)))).toEqual([true, true, true]);
    }
  });
});
