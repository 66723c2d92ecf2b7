// A house and a browser for the tests of one file.
import { after, before } from 'node:test';

import { startBrowser } from './browser.mjs';

/// There from the first test on.
export let browser;

/// Opens `house` and a browser before the file's tests, and closes both after them.
export function stage(house) {
  before(async () => {
    await house.open();
    browser = await startBrowser();
  });
  after(async () => {
    await browser?.close();
    await house.close();
  });
  return house;
}
