/** The first five minutes, as a person spends them who opens the demo in a browser. */
import { mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import type { Browser, HTTPResponse, Page } from 'puppeteer-core';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { eventually } from '../support/harness.ts';
import { EpistleProcess, freePort } from '../support/processes.ts';

const OPERATIONS = ['Start', 'Fresh', 'Template', 'Reply', 'Draft'];
const EDITOR = '.graphiql-query-editor .monaco-editor';

let browser: Browser;
let port: number;
let demo: EpistleProcess;
let page: Page;

async function startDemo(): Promise<EpistleProcess> {
  const folder = await mkdtemp(path.join(inject('temporaryFolder'), 'browser-'));
  // At the same address each time: for a browser it is the same site.
  const process = new EpistleProcess(port, { DATA_DIR: folder });
  await process.start();
  return process;
}

beforeAll(async () => {
  port = await freePort();
  [browser, demo] = await Promise.all([launchBrowser(), startDemo()]);
});
afterAll(() => Promise.all([browser?.close(), demo?.kill()]));

/** A person who has not been here before. */
async function visit(): Promise<void> {
  const context = await browser.createBrowserContext();
  page = await context.newPage();
  page.setDefaultTimeout(100_000);
  await page.setViewport({ width: 1_400, height: 1_000 });
  await open('/graphql');
}
afterEach(() => page?.browserContext().close());

async function open(target: string): Promise<HTTPResponse | null> {
  const response = await page.goto(`${demo.url}${target}`, { waitUntil: 'load' });
  await ready();
  return response;
}

/** Once GraphiQL has read the operations in its editor. */
async function ready(): Promise<void> {
  await page.waitForSelector('button.graphiql-execute-button:not([disabled])');
  await page.waitForFunction(
    (editor) => (document.querySelector(`${editor} .view-lines`)?.textContent ?? '').includes('query'),
    {},
    EDITOR,
  );
}

/** What the page gets for the operation that `run` starts. */
async function answerTo(run: () => Promise<void>) {
  const answering = page.waitForResponse(
    (response) => {
      const request = response.request();
      return request.method() === 'POST' && !(request.postData() ?? '').includes('IntrospectionQuery');
    },
    { timeout: 100_000 },
  );
  await run();
  const response = await answering;
  const body = await response.json();
  // GraphiQL is done when the result is shown.
  await page.waitForFunction(() => document.querySelector('.result-window .view-lines')?.textContent?.includes('data'));
  return { status: response.status(), operation: JSON.parse(response.request().postData() ?? '{}'), body };
}

async function runByButton(name: string): Promise<void> {
  await page.click('button.graphiql-execute-button');
  const item = await page.waitForSelector(`xpath///*[@role="menuitem"][normalize-space()="${name}"]`);
  await item?.click();
}

/** Puts the cursor into the operation, and presses Ctrl-Enter. */
async function runByKeyboard(name: string): Promise<void> {
  const lines = (await storedTabs())[0]?.split('\n') ?? [];
  await page.click(`${EDITOR} .view-lines`);
  await press('Control', 'Home');
  const line = lines.findIndex((each) => new RegExp(`^(?:query|mutation) ${name}\\b`).test(each));
  for (let n = 0; n < line; n++) await page.keyboard.press('ArrowDown');
  await press('Control', 'Enter');
}

async function press(modifier: 'Control', key: 'Home' | 'Enter'): Promise<void> {
  await page.keyboard.down(modifier);
  await page.keyboard.press(key);
  await page.keyboard.up(modifier);
}

/** The text of each tab that GraphiQL keeps. It stores them some time after it shows them. */
function storedTabs(): Promise<string[]> {
  const stored = () =>
    page.evaluate((): string[] => {
      const state = JSON.parse(localStorage.getItem('graphiql:tabState') ?? '{"tabs":[]}');
      return state.tabs.map((tab: { query: string }) => tab.query);
    });
  return eventually(async () => {
    const tabs = await stored();
    return tabs.length > 0 ? tabs : null;
  });
}

/** What the editor shows at its top. */
const shown = () => page.$eval(`${EDITOR} .view-lines`, (lines) => lines.textContent ?? '');
const headersShown = () =>
  page.$eval('.graphiql-editor-tool', (tool) => (tool.textContent ?? '').replaceAll('\u00a0', ' '));
const keyOf = (process: EpistleProcess) => /epk_[\w-]{43}/.exec(process.output)?.[0] ?? '';

describe('GraphiQL', () => {
  it('opens from the address that people type', async () => {
    await visit();
    const response = await open('/');
    expect([response?.status(), new URL(page.url()).pathname]).toEqual([200, '/graphql']);
  });

  it.each([
    ['by button', runByButton],
    ['by keyboard', runByKeyboard],
  ])('runs every operation that it comes with %s', async (_how, run) => {
    await visit();
    for (const name of OPERATIONS) {
      const { status, operation, body } = await answerTo(() => run(name));
      expect([status, operation.operationName, body.errors]).toEqual([200, name, undefined]);
      if (name !== 'Start') expect(body.data.sendEmail.outboundEmail.status).toBe('SENT');
    }
  });

  it('keeps its operations and its key when the page is loaded again', async () => {
    await visit();
    const before = [await storedTabs(), await shown(), await headersShown()];
    await answerTo(() => runByButton('Start'));
    for (let reload = 0; reload < 2; reload++) {
      await page.reload({ waitUntil: 'load' });
      await ready();
      expect([await storedTabs(), await shown(), await headersShown()]).toEqual(before);
    }
    const { status } = await answerTo(() => runByButton('Start'));
    expect(status).toBe(200);
  });

  it('keeps what was typed when the page is loaded again', async () => {
    await visit();
    await page.click(`${EDITOR} .view-lines`);
    await press('Control', 'Home');
    await page.keyboard.type('# Mine. ');
    await eventually(async () => (await storedTabs())[0]?.startsWith('# Mine. ') || null);
    await page.reload({ waitUntil: 'load' });
    await ready();
    const tabs = await storedTabs();
    expect(tabs).toHaveLength(1);
    expect(tabs[0]).toMatch(/^# Mine\. # Epistle\./);
  });

  it('has the operations and the key of a new demo in the place of those of the old one', async () => {
    await visit();
    const [before = ''] = await storedTabs();
    await demo.kill();
    const oldKey = keyOf(demo);
    demo = await startDemo();
    await page.reload({ waitUntil: 'load' });
    await ready();
    const tabs = await storedTabs();
    expect(tabs).toHaveLength(1);
    expect(tabs[0]).not.toBe(before);
    expect(keyOf(demo)).not.toBe(oldKey);
    expect(await headersShown()).toContain(keyOf(demo).slice(0, 20));
    const { status, body } = await answerTo(() => runByButton('Fresh'));
    expect([status, body.data.sendEmail.outboundEmail.status]).toEqual([200, 'SENT']);
  });
});

it('shows an uploaded image in <img> by its downloadUrl', async () => {
  await visit();
  const width = await page.evaluate(async (key) => {
    const authorization = `Bearer ${key}`;
    const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
    const headers = { authorization, 'content-type': 'image/png', 'content-disposition': 'attachment; filename=a.png' };
    const body = Uint8Array.from(atob(png), (each) => each.charCodeAt(0));
    const { uid } = await (await fetch('/attachments', { method: 'POST', headers, body })).json();
    const ask = async (query: string) => {
      const init = { method: 'POST', headers: { authorization, 'content-type': 'application/json' } };
      return (await (await fetch('/graphql', { ...init, body: JSON.stringify({ query }) })).json()).data;
    };
    const { emailAccounts } = await ask('{ emailAccounts { uid } }');
    const { createDraft } = await ask(`mutation {
      createDraft(input: { fromAccountUid: "${emailAccounts[0].uid}", attachments: [{ uploadUid: "${uid}" }] }) {
        ... on CreateDraftPayload { draft { attachments { downloadUrl } } }
      }
    }`);
    const image = new Image();
    image.src = createDraft.draft.attachments[0].downloadUrl;
    await image.decode();
    return image.naturalWidth;
  }, keyOf(demo));
  expect(width).toBe(1);
});
