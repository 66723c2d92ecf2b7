// Headless Chromium: the system's, driven by the playwright-core under LOGDIST_MODULES.
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const modules = process.env.LOGDIST_MODULES;
if (!modules) throw new Error('LOGDIST_MODULES names the folder that has node_modules');
const { chromium } = createRequire(join(modules, 'package.json'))('playwright-core');

/// Longer than anything that is waited for takes, on a busy machine too.
export const timeout = 60_000;

export function startBrowser() {
  return chromium.launch({
    executablePath: process.env.LOGDIST_CHROMIUM ?? '/usr/bin/chromium',
    // Whoever is root, as in a container, gets no sandbox; the pages are ours.
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
    timeout,
  });
}

/// The dashboard at `url` in a window of its own; `complaints` has what the console
/// said, the policy's refusals included.
export async function openDashboard(browser, url, { width = 1280, height = 960, colorScheme = 'light', scale = 1 } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, deviceScaleFactor: scale });
  context.setDefaultTimeout(timeout);
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(`${error}`));
  await page.goto(url);
  return { page, complaints, close: () => context.close() };
}

/// Kept for whoever wants to look: build/dashboard/NAME.png.
export async function screenshot(page, name, options = {}) {
  mkdirSync(modules, { recursive: true });
  await page.screenshot({ path: join(modules, `${name}.png`), timeout, ...options });
}
