// Keeps the pages of the window that was scanned last, and shows them where there is no network.
'use strict';
const PAGES = 'mashang-pages';
const FILES = 'mashang-files';
const WINDOW = /^(\/w\/[^/]+)(\/complaint|\/request)?$/;
// A window's faces and forms; what a low face leads to differs by its level.
const ENDS = ['', '/complaint', '/request', '?satisfaction=1', '?satisfaction=2'];

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(PAGES).then((kept) => kept.add('/offline')).then(() => self.skipWaiting()));
});
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
// The page of a window says where it stands.
self.addEventListener('message', (event) => event.waitUntil(keep(event.data)));
self.addEventListener('fetch', (event) => {
  const {request} = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (request.mode === 'navigate') {
    const typed = /urlencoded/.test(request.headers.get('Content-Type'));
    const sent = request.method === 'POST' && typed ? request.clone() : null;
    event.respondWith(fetch(request).catch(() => kept(url, sent)));
  }
  else if (url.pathname.startsWith('/static/') && url.search.startsWith('?v=')) event.respondWith(file(request));
});

async function keep(path) {
  const found = WINDOW.exec(path);
  if (!found) return;
  const pages = await caches.open(PAGES);
  for (const request of await pages.keys()) {
    const old = new URL(request.url).pathname;
    if (WINDOW.test(old) && !old.startsWith(found[1])) await pages.delete(request);
  }
  for (const end of ENDS) {
    const answer = await fetch(found[1] + end, {credentials: 'same-origin', headers: {Accept: 'text/html'}});
    // Whole before it takes the place of the last one: the network may end in its middle.
    if (answer.ok) await pages.put(found[1] + end, new Response(await answer.blob(), {headers: answer.headers}));
  }
}

// A face that was tapped and did not get through keeps its level.
async function level(sent) {
  try {
    const tapped = await sent.formData();
    return tapped.get('step') === 'tap' ? '?satisfaction=' + tapped.get('satisfaction') : '';
  } catch (e) { return ''; }
}

// A page as it was, but for its repeat key: what is written on it now is another submission.
async function kept(url, sent) {
  const pages = await caches.open(PAGES);
  const asked = sent ? await level(sent) : url.search;
  const found = await pages.match(url.pathname + asked, {ignoreVary: true}) || await pages.match(url.pathname, {ignoreVary: true});
  if (!found) return pages.match('/offline', {ignoreVary: true});
  const key = Array.from(crypto.getRandomValues(new Uint8Array(18)), (n) => n.toString(16).padStart(2, '0')).join('');
  const page = (await found.text()).replace(/(name="key" value=")[^"]*/g, '$1' + key);
  const headers = {'Content-Type': 'text/html; charset=utf-8'};
  headers['Content-Security-Policy'] = found.headers.get('Content-Security-Policy');
  return new Response(page.replace('<body', '<body data-offline'), {headers});
}

async function file(request) {
  const files = await caches.open(FILES);
  const found = await files.match(request, {ignoreVary: true});
  if (found) return found;
  const answer = await fetch(request);
  if (answer.ok) await files.put(request, answer.clone());
  return answer;
}
