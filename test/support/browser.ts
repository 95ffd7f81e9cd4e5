/** A real browser. */
import puppeteer, { type Browser } from 'puppeteer-core';

/** Headless, without a profile. Its sandbox needs rights that containers do not have; the pages are ours. */
export function launchBrowser(): Promise<Browser> {
  return puppeteer.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    timeout: 120_000,
    protocolTimeout: 300_000,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
}
