/** `safeHtml` where it counts: in a browser, which parses HTML otherwise than a sanitizer does. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { safeHtml } from '../../src/email/safe-html.ts';
import { launchBrowser } from '../support/browser.ts';
import { HTML_ATTACKS } from '../support/html-attacks.ts';

let browser: Browser;
let server: Server;
let page: Page;
/** Other addresses that the page has asked for. */
const requested: string[] = [];

beforeAll(async () => {
  server = createServer((_request, response) => {
    response
      .setHeader('content-type', 'text/html')
      .end('<!doctype html><link rel="icon" href="data:,"><div id="mail"></div>');
  }).listen(0, '127.0.0.1');
  browser = await launchBrowser();
  page = await browser.newPage();
  page.setDefaultTimeout(100_000);
  await page.setRequestInterception(true);
  page.on('request', (request) => {
    if (request.isNavigationRequest() || request.url().startsWith('data:')) return void request.continue();
    requested.push(request.url());
    return void request.abort();
  });
  const { port } = server.address() as AddressInfo;
  await page.goto(`http://127.0.0.1:${port}/`);
});
afterAll(async () => {
  await browser?.close();
  server?.close();
});

/** Shows it as a client would, and once more as the browser writes it: mutation XSS needs the second time. */
function attack(html: string) {
  return page.evaluate(async (given) => {
    const place = document.querySelector('#mail');
    if (place === null) throw new Error('there is no place for the mail');
    let alerts = 0;
    Object.assign(globalThis, { alert: () => alerts++ });
    const faults: string[] = [];
    let shown = given;
    for (let n = 0; n < 3; n++) {
      place.innerHTML = shown;
      for (const element of place.querySelectorAll<HTMLElement>('*')) {
        element.dispatchEvent(new Event('mouseover', { bubbles: true }));
        element.dispatchEvent(new Event('load'));
        element.dispatchEvent(new Event('error'));
        for (const { name } of element.attributes) if (name.startsWith('on')) faults.push(name);
        if (element.matches('script,style,iframe,form,input,svg,math,object,embed,link,meta,base'))
          faults.push(element.tagName);
        const { position, zIndex, display } = getComputedStyle(element);
        if (position !== 'static' || zIndex !== 'auto' || display === 'fixed')
          faults.push(`${element.tagName} is ${position}`);
        if (element instanceof HTMLAnchorElement && element.hasAttribute('href')) {
          if (!['http:', 'https:', 'mailto:', 'tel:'].includes(element.protocol)) faults.push(element.href);
          if (element.origin === location.origin) faults.push(element.href);
        }
      }
      shown = place.innerHTML;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
    return { alerts, faults };
  }, html);
}

it('runs and escapes where it is not sanitized, so that the test can tell', async () => {
  expect((await attack('<img src=x onerror=alert(1)><div style="position:fixed">x</div>')).faults).toEqual(
    expect.arrayContaining(['onerror', 'DIV is fixed']),
  );
});

it('runs nothing, loads nothing from elsewhere and stays in its place', async () => {
  await page.waitForNetworkIdle();
  requested.splice(0);
  const options = { keepRemoteImages: false, inlineImageUrl: () => null };
  const outcomes = [];
  for (const html of HTML_ATTACKS) {
    const { alerts, faults } = await attack(safeHtml(html, options).html);
    if (alerts > 0 || faults.length > 0) outcomes.push({ html, alerts, faults });
  }
  expect(outcomes).toEqual([]);
  expect(requested).toEqual([]);
});

it('loads remote images only when they are kept, and tells them nothing of the page', async () => {
  requested.splice(0);
  const html =
    '<img src="https://t.example/1.gif"><td background="https://t.example/2.gif" style="background:url(//t.example/3.gif)">';
  await attack(safeHtml(html, { keepRemoteImages: false, inlineImageUrl: () => null }).html);
  expect(requested).toEqual([]);
  await attack(safeHtml(html, { keepRemoteImages: true, inlineImageUrl: () => null }).html);
  await page.waitForNetworkIdle();
  expect(new Set(requested)).toContain('https://t.example/1.gif');
});
