// The dashboard in a browser, over a daemon at work.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openDashboard, screenshot, timeout } from './browser.mjs';
import { House } from './house.mjs';
import { browser, stage } from './stage.mjs';

const house = stage(new House({ alpha: 40, beta: 30, gamma: 30 }));

const connection = (page) => page.locator('#connection');
const rowOf = (page, name) => page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: new RegExp(`^${name}`) }) });

async function untilLive(page) {
  await connection(page).getByText('Live', { exact: true }).waitFor();
}

test('shows a daemon at work, without a word on the console', async () => {
  const { page, complaints, close } = await openDashboard(browser, house.admin);
  await untilLive(page);
  await page.getByText('Ready', { exact: true }).waitFor();
  await page.locator('#balance').getByText('Balanced', { exact: true }).waitFor();
  const table = page.getByRole('table', { name: 'Analyzers' });
  assert.equal(await table.getByRole('rowheader').count(), 3);
  assert.equal(await table.getByRole('columnheader').count(), 8);
  // Rates need a second status, and everything is delivered by weight.
  await page.waitForFunction(() => /^[1-9]/.test(document.querySelector('#tiles .value span').textContent));
  await rowOf(page, 'alpha').getByText(/^(39|40|41)(\.\d+)? %, target 40 %$/).waitFor();
  await page.locator('#events').getByText(/started/).waitFor();
  assert.match(await page.title(), /^Log Distributor$/);
  assert.deepEqual(complaints, []);
  await close();
});

test('follows an analyzer that fails and comes back', async () => {
  const { page, complaints, close } = await openDashboard(browser, house.admin);
  await untilLive(page);
  await house.kill('beta');
  await rowOf(page, 'beta').getByText(/^(Failed|Testing)$/).waitFor();
  const events = page.getByRole('log', { name: 'Events' });
  await events.locator('.warning').filter({ hasText: /^.*beta.*failed/ }).first().waitFor();
  assert.equal(await events.getAttribute('aria-live'), 'polite');
  await page.locator('.span-failed').first().waitFor({ state: 'attached' });
  await screenshot(page, 'failed');
  await house.bringBack('beta');
  await rowOf(page, 'beta').getByText('Healthy', { exact: true }).waitFor();
  await rowOf(page, 'beta').getByText(/target 30 %$/).waitFor();
  assert.deepEqual(complaints, []);
  await close();
});

test('shows a removed analyzer until its last packet is settled', async () => {
  const { page, complaints, close } = await openDashboard(browser, house.admin);
  await untilLive(page);
  await house.kill('gamma');
  await rowOf(page, 'gamma').getByText(/^(Failed|Testing)$/).waitFor();
  await house.bringBack('gamma', '1500ms');
  await page.waitForFunction(() => {
    const row = [...document.querySelectorAll('#analyzer-rows tr')].find((each) => /^gamma/.test(each.textContent));
    return /Healthy/.test(row.textContent) && Number(row.children[5].firstElementChild.textContent) > 0;
  });
  house.reload('gamma');
  await rowOf(page, 'gamma').getByText('Removed', { exact: true }).waitFor();
  await screenshot(page, 'removed');
  await rowOf(page, 'gamma').waitFor({ state: 'detached' });
  assert.equal(await page.getByRole('table', { name: 'Analyzers' }).getByRole('rowheader').count(), 2);
  await house.kill('gamma');
  await house.bringBack('gamma');
  house.reload();
  await rowOf(page, 'gamma').getByText('Healthy', { exact: true }).waitFor();
  assert.deepEqual(complaints, []);
  await close();
});

for (const colorScheme of ['light', 'dark']) {
  test(`is readable on a phone, ${colorScheme}`, async () => {
    const { page, complaints, close } = await openDashboard(browser, house.admin, { width: 375, height: 740, colorScheme, scale: 2 });
    await untilLive(page);
    const { wide, background, text } = await page.evaluate(() => ({
      wide: document.documentElement.scrollWidth,
      background: getComputedStyle(document.body).backgroundColor,
      text: getComputedStyle(document.body).color,
    }));
    assert.ok(wide <= 375, `${wide} px wide`);
    const brightness = (colour) => colour.match(/\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0);
    assert.equal(brightness(background) > brightness(text), colorScheme === 'light');
    assert.equal(await page.getByRole('table', { name: 'Analyzers' }).getByRole('rowheader').count(), 3, 'still a table');
    await screenshot(page, `phone-${colorScheme}`, { fullPage: true });
    assert.deepEqual(complaints, []);
    await close();
  });
}

test('goes by keyboard', async () => {
  const { page, close } = await openDashboard(browser, house.admin);
  await untilLive(page);
  const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.textContent.trim());
  await page.keyboard.press('Tab');
  assert.equal(await focused(), 'Skip to the analyzers');
  await page.keyboard.press('Enter');
  assert.equal(await focused(), 'analyzers');
  await page.keyboard.press('Tab');
  assert.equal(await focused(), 'events', 'the list scrolls by keys');
  await page.keyboard.press('Tab');
  assert.equal(await focused(), 'How to read this');
  await page.keyboard.press('Enter');
  await page.getByText('Everything admitted is in exactly one').waitFor();
  await close();
});

test('says when it is not live, and comes back by itself', async () => {
  const { page, close } = await openDashboard(browser, house.admin);
  await untilLive(page);
  await house.daemon.end('SIGKILL');
  await connection(page).getByText('Not live, trying again').waitFor();
  assert.match(await page.title(), /^Not live/);
  assert.equal(await page.locator('body.stale').count(), 1);
  await screenshot(page, 'not-live');
  await house.startDaemon();
  await untilLive(page);
  assert.equal(await page.locator('body.stale').count(), 0);
  await close();
});

test('a reader that only listens keeps no daemon from ending', async () => {
  const { page, close } = await openDashboard(browser, house.admin);
  await untilLive(page);
  await house.agent.end('SIGKILL');
  const begun = performance.now();
  assert.equal(await house.daemon.end('SIGTERM'), 0);
  assert.ok(performance.now() - begun < timeout / 2, 'it did not wait for the page');
  await connection(page).getByText('Not live, trying again').waitFor();
  await close();
});
