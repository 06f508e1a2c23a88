// What a citizen writes is kept on the phone until the receipt is here, and sent again by itself
// when the network returns, always under the same repeat key. Every page works without this file.
(function () {
  'use strict';
  var PREFIX = 'mashang:', WEEK = 7 * 864e5, HELD = [429, 502, 503, 504];
  var OURS = ['key', 'step', 'part', 'switch', 'turn'], WORDS = ['words', 'phone', 'officer_typed'];
  var SEVERAL = ['categories', 'attachments'];
  var path = location.pathname.replace(/\/+$/, '');
  var form = document.querySelector('form[data-keep]');
  var place = form && form.getAttribute('data-keep'), pressed = null;
  // `busy` while something is on its way, `waiting` what is to be sent again, `done` when it is here.
  var busy = false, waiting = null, done = false, waits = 0, timer = 0;
  // How many photos and recordings go with this form; `loose` if only this page has them, `posted`
  // once the browser itself has sent the form.
  var beside = 0, loose = false, posted = false;

  // One record for each window and kind: {key, action, fields, files, at, state, receipt}.
  function read(id) {
    try {
      var kept = JSON.parse(localStorage.getItem(PREFIX + id));
      return kept && kept.at > Date.now() - WEEK ? kept : null;
    } catch (e) { return null; }
  }
  function write(id, kept) {
    try { localStorage.setItem(PREFIX + id, JSON.stringify(kept)); return true; } catch (e) { return false; }
  }
  function forget(id) {
    try { localStorage.removeItem(PREFIX + id); } catch (e) { /* there was none */ }
  }
  function ids() {
    try {
      return Object.keys(localStorage).filter(function (name) { return name.indexOf(PREFIX) === 0; })
        .map(function (name) { return name.slice(PREFIX.length); });
    } catch (e) { return []; }
  }

  // Photos and recordings lie in a store of their own, under the repeat key: [[field, file], ...].
  function shelf(mode, act) {
    return new Promise(function (yes, no) {
      var opening = indexedDB.open('mashang', 1);
      opening.onupgradeneeded = function () { opening.result.createObjectStore('files'); };
      opening.onerror = no;
      opening.onsuccess = function () {
        var base = opening.result, deal = base.transaction('files', mode), asked = act(deal.objectStore('files'));
        deal.oncomplete = function () { base.close(); yes(asked.result); };
        deal.onabort = function () { base.close(); no(deal.error); };
      };
    });
  }
  function lay(key, files) {
    return shelf('readwrite', function (store) {
      return files.length ? store.put({at: Date.now(), files: files}, key) : store.delete(key);
    });
  }
  function taken(key) {
    return shelf('readonly', function (store) { return store.get(key); })
      .then(function (found) { return found ? found.files : []; }, function () { return []; });
  }
  function drop(kept) {
    if (kept && kept.files) lay(kept.key, []).catch(function () { /* it goes after a week */ });
  }
  function tidy() {
    shelf('readwrite', function (store) {
      var each = store.openCursor();
      each.onsuccess = function () {
        var one = each.result;
        if (!one) return;
        if (one.value.at < Date.now() - WEEK) one.delete();
        one.continue();
      };
      return each;
    }).catch(function () { /* there is no store */ });
  }

  // What is told stands in the page, in its language: <template id="says">.
  function say(name, act, bad) {
    var old = document.getElementById('told'), says = document.getElementById('says');
    var text = says && says.content.querySelector('[data-say="' + name + '"]');
    if (old) old.parentNode.removeChild(old);
    if (!text) return null;
    var note = document.createElement('div');
    note.id = 'told';
    note.className = bad ? 'note wait' : 'note';
    note.setAttribute('role', 'status');
    note.appendChild(text.cloneNode(true));
    if (act) note.appendChild(act);
    // Beside the button that was pressed, which is what somebody looks at; else at the top.
    var beside = pressed && pressed.parentNode === form ? pressed : document.getElementById('main').firstChild;
    beside.parentNode.insertBefore(note, beside);
    // Once only: later somebody may be writing again.
    if (bad && !waits) { note.tabIndex = -1; note.focus(); }
    return note;
  }
  // Once somebody has written: that it is kept here, and for how long.
  function hint() {
    if (document.getElementById('hint-kept')) return;
    var told = document.createElement('p');
    told.id = 'hint-kept';
    told.className = 'soft';
    told.textContent = label('hint');
    form.appendChild(told);
  }
  function button(name, act) {
    var made = document.createElement('button');
    made.type = 'button';
    made.className = 'btn line';
    made.textContent = label(name);
    made.addEventListener('click', act);
    return made;
  }
  function link(name, address) {
    var made = document.createElement('a');
    made.className = 'btn line';
    made.href = address;
    made.textContent = label(name);
    return made;
  }
  function label(name) {
    var text = document.getElementById('says').content.querySelector('[data-say="' + name + '"]');
    return text ? text.textContent : '';
  }

  function inputs() {
    return Array.prototype.filter.call(form.elements, function (one) { return one.type === 'file'; });
  }
  // The files that are chosen on this page.
  function picked() {
    var found = [];
    inputs().forEach(function (one) {
      Array.prototype.forEach.call(one.files, function (file) { found.push([one.name, file]); });
    });
    return found;
  }
  function pick(event) {
    if (event.target.type !== 'file') return;
    var files = picked();
    beside = files.length;
    loose = false;
    list(event.target);
    lay(form.elements.key.value, files).catch(function () {
      loose = beside > 0;
      if (loose) say('loose', null, true);
    });
  }
  // What is chosen, small, each with a button that takes it out.
  function list(one) {
    var old = one.nextElementSibling, kind = one.name === 'voice' ? 'voice' : 'photo', made = document.createElement('div');
    if (old && old.className === 'stack') old.parentNode.removeChild(old);
    made.className = 'stack';
    Array.prototype.forEach.call(one.files, function (file, at) {
      var out = document.createElement('button'), text = document.createElement('span');
      out.type = 'button';
      out.className = 'chosen';
      text.textContent = leaving(kind, at + 1).textContent.trim();
      out.appendChild(text);
      out.addEventListener('click', function () { without(one, at); });
      if (kind === 'photo') small(file, out);
      made.appendChild(out);
    });
    if (one.files.length) one.parentNode.insertBefore(made, one.nextSibling);
  }
  // The label of what can be left out, in the page's language.
  function leaving(kind, number) {
    var made = document.getElementById('out-' + kind).content.querySelector('label').cloneNode(true), text = made.querySelector('span');
    text.textContent = text.textContent.replace('{n}', number);
    return made;
  }
  function small(file, beside) {
    if (!window.createImageBitmap) return;
    createImageBitmap(file).then(function (image) {
      var seen = document.createElement('canvas'), scale = 64 / Math.max(image.width, image.height);
      seen.width = image.width * scale;
      seen.height = image.height * scale;
      seen.getContext('2d').drawImage(image, 0, 0, seen.width, seen.height);
      beside.insertBefore(seen, beside.firstChild);
    }).catch(function () { /* no picture that this browser knows */ });
  }
  function without(one, at) {
    var own;
    try {
      own = new DataTransfer();
      Array.prototype.forEach.call(one.files, function (file, place) { if (place !== at) own.items.add(file); });
      one.files = own.files;
    } catch (e) { one.value = ''; }
    one.dispatchEvent(new Event('change', {bubbles: true}));
    one.focus();
  }
  // What was chosen before stands in its fields again, where the browser lets it; it is sent either
  // way. Whether all of it is there.
  function refill(kept) {
    if (!kept.files) return Promise.resolve(true);
    return taken(kept.key).then(function (files) {
      beside = files.length;
      if (beside < kept.files) return false;
      try {
        inputs().forEach(function (one) {
          var own = new DataTransfer();
          files.forEach(function (pair) { if (pair[0] === one.name) own.items.add(pair[1]); });
          one.files = own.files;
          list(one);
        });
      } catch (e) { /* they are sent from the store */ }
      var told = document.getElementById('lost-photos');
      if (told) told.parentNode.removeChild(told);
      return true;
    });
  }

  // The form's fields; files lie elsewhere.
  function fields() {
    var found = [];
    Array.prototype.forEach.call(form.elements, function (one) {
      if (!one.name || one.type === 'file' || one.tagName === 'BUTTON' || OURS.indexOf(one.name) >= 0) return;
      if ((one.type === 'checkbox' || one.type === 'radio') && !one.checked) return;
      found.push([one.name, one.value]);
    });
    return found;
  }
  function typed() {
    return Array.prototype.some.call(form.elements, function (one) {
      if (!one.name || one.tagName === 'BUTTON') return false;
      if (one.type === 'hidden') return WORDS.indexOf(one.name) >= 0 && one.value !== '';
      if (one.type === 'checkbox' || one.type === 'radio') return one.checked !== one.defaultChecked;
      if (one.tagName === 'SELECT') return one.selectedIndex > 0;
      return one.type !== 'file' && one.value.trim() !== '';
    }) || beside > 0;
  }
  function record(state) {
    var step = form.elements.step;
    return {
      key: form.elements.key.value, step: step ? step.value : '', action: form.getAttribute('action') || path,
      lang: document.documentElement.lang.split('-')[0], many: form.enctype === 'multipart/form-data',
      fields: fields(), files: beside, posted: posted, at: Date.now(), state: state
    };
  }
  function keep() {
    if (busy || done) return;
    if (waiting) {
      // Changed while it waits: what is sent is what stands there.
      waiting.fields = chosen();
      waiting.files = beside;
      write(place, waiting);
    } else if (!typed()) forget(place);
    else if (write(place, record('typing'))) hint();
  }
  // The fields and the button that was pressed.
  function chosen() {
    return pressed && pressed.name ? fields().concat([[pressed.name, pressed.value]]) : fields();
  }
  function restore(kept) {
    // First what came before: a tick to leave it out needs its place.
    kept.fields.forEach(function (pair) { if (pair[0] === 'attachments') along(pair[0], pair[1]); });
    kept.fields.forEach(function (pair) {
      var found = form.querySelectorAll('[name="' + pair[0] + '"]:not(button)');
      Array.prototype.forEach.call(found, function (one) {
        if (one.type === 'checkbox' || one.type === 'radio') { if (one.value === pair[1]) one.checked = true; }
        else if (one.type !== 'hidden' || !one.value) one.value = pair[1];
      });
      if (!found.length || (SEVERAL.indexOf(pair[0]) >= 0 && found[0].type === 'hidden')) along(pair[0], pair[1]);
    });
    form.elements.key.value = kept.key;
    form.dispatchEvent(new Event('input', {bubbles: true}));
  }
  // What came before comes along, each once; a photo or recording can be left out again.
  function along(name, value) {
    var known = form.querySelectorAll('[name="' + name + '"]');
    if (Array.prototype.some.call(known, function (one) { return one.value === value; })) return;
    hide(name, value);
    if (name === 'attachments') offer(value);
  }
  function offer(name) {
    var kind = name.split('/')[0], mark = document.getElementById('out-' + kind), made;
    if (!mark) return;
    made = leaving(kind, mark.parentNode.querySelectorAll('[name=out]').length + 1);
    made.querySelector('input').value = name;
    mark.parentNode.insertBefore(made, mark);
  }
  // A field that comes along unseen.
  function hide(name, value) {
    var made = document.createElement('input');
    made.type = 'hidden';
    made.name = name;
    made.value = value;
    form.appendChild(made);
  }
  function start() {
    done = true;
    drop(read(place));
    forget(place);
    location.replace(path);
  }

  function body(kept, files) {
    var pairs = kept.many ? new FormData() : new URLSearchParams();
    kept.fields.forEach(function (pair) { pairs.append(pair[0], pair[1]); });
    pairs.append('key', kept.key);
    if (kept.step) pairs.append('step', kept.step);
    files.forEach(function (pair) { pairs.append(pair[0], pair[1], pair[1].name || pair[0]); });
    return pairs;
  }
  // What goes with a record: as it is chosen here, else from the store.
  function files(id, kept) {
    var here = id === place ? picked() : [];
    return here.length || !kept.files ? Promise.resolve(here) : taken(kept.key);
  }
  // Sends a record with all that goes with it. Never twice at a time.
  function send(id, kept) {
    clearTimeout(timer);
    busy = true;
    kept.state = 'sending';
    if (id === place) waiting = kept;
    var safe = write(id, kept) && !(id === place && loose);
    say('sending');
    files(id, kept).then(function (found) {
      if (found.length < (kept.files || 0)) { busy = false; return lost(id, kept); }
      // In the language it was written in: under its repeat key it is the same to the letter.
      return fetch(kept.action + '?lang=' + kept.lang, {method: 'POST', body: body(kept, found), credentials: 'same-origin', headers: {Accept: 'text/html'}})
        .then(function (answer) {
          busy = false;
          if (/^\/r\//.test(new URL(answer.url).pathname) && answer.ok) return arrived(id, kept, answer.url);
          if (HELD.indexOf(answer.status) >= 0) return again(id, kept, safe, 'busy');
          return kept.files && id === place ? answer.text().then(came).then(function () { refused(id, kept); }) : refused(id, kept);
        }, function () {
          busy = false;
          again(id, kept, safe, 'waiting');
        });
    });
  }
  // The phone did not keep the photos: nothing is sent without them before somebody has said so.
  function lost(id, kept) {
    kept.state = 'typing';
    write(id, kept);
    if (id === place) { waiting = null; beside = 0; }
    say('lost', id === place ? null : link('go', kept.action), true);
  }
  function arrived(id, kept, address) {
    done = id === place;
    drop(kept);
    kept.state = 'sent';
    kept.receipt = address;
    kept.fields = [];
    write(id, kept);
    if (id === place) { location.assign(address); return; }
    retry();
    say('arrived', link('receipt', address));
  }
  function again(id, kept, safe, why) {
    say(safe ? why : 'open', button('now', function () { if (!busy) send(id, kept); }), true);
    timer = setTimeout(function () { if (!busy) send(id, kept); }, Math.min(60, 5 * Math.pow(2, waits++)) * 1000);
  }
  // Files that came with a form which is shown again are not sent again; its page names them.
  function came(html) {
    var page = new DOMParser().parseFromString(html, 'text/html'), each = Array.prototype.forEach;
    var names = page.querySelectorAll('[name=attachments]');
    if (!names.length || page.querySelector('#wrong-photos, #wrong-voice')) return;
    each.call(form.querySelectorAll('[name=attachments]'), function (one) { one.parentNode.removeChild(one); });
    each.call(names, function (one) { hide('attachments', one.value); });
    inputs().forEach(function (one) { one.value = ''; });
  }
  // The server has something to say about it: its own page shows that best.
  function refused(id, kept) {
    kept.state = 'typing';
    kept.posted = id === place;
    write(id, kept);
    if (id === place) waiting = null;
    if (id !== place) { say('look', link('go', kept.action)); return; }
    busy = true;
    if (pressed && pressed.name) {
      hide(pressed.name, pressed.value);
    }
    HTMLFormElement.prototype.submit.call(form);
  }

  function pressedNow(event) {
    var one = event.target;
    while (one && one.tagName !== 'BUTTON') one = one.parentNode;
    pressed = one && (one.form === form) ? one : pressed;
  }
  function onSubmit(event) {
    if (busy) { event.preventDefault(); return; }
    var low = form.elements.step && form.elements.step.value === 'tap' && pressed && pressed.value < '3';
    if ((pressed && OURS.indexOf(pressed.name) >= 0) || (low && navigator.onLine !== false)) {
      posted = true;
      keep();
      return;
    }
    event.preventDefault();
    if (low) {
      // What went wrong is asked on the next page, and only the worker has one.
      if (navigator.serviceWorker && navigator.serviceWorker.controller) location.assign(path + '?satisfaction=' + pressed.value);
      else say('offline', null, true);
      return;
    }
    var kept = record('sending');
    kept.fields = chosen();
    send(place, kept);
  }

  function settle(id) {
    var kept = read(id);
    if (!kept) { forget(id); return; }
    if (kept.state === 'sent' && new URL(kept.receipt).pathname === path) forget(id);
    else if (kept.state === 'sending' && !busy && id !== place) send(id, kept);
  }
  function retry() {
    if (busy) return;
    ids().some(function (id) {
      var kept = read(id);
      if (kept && kept.state === 'sending') { send(id, kept); return true; }
      return false;
    });
  }
  // While very many send, this browser works for its submission, unseen. Whoever sends before it is
  // done sends without.
  function work() {
    var puzzle = form.getAttribute('data-puzzle'), worker;
    if (!puzzle || !window.Worker) return;
    try { worker = new Worker(form.getAttribute('data-worker')); } catch (e) { return; }
    worker.onmessage = function (solved) {
      var earlier = form.elements.proof;
      worker.terminate();
      if (earlier) earlier.value = solved.data; else hide('proof', solved.data);
    };
    worker.postMessage(puzzle);
  }
  function open() {
    var kept = read(place), key = form.elements.key.value;
    var shown = document.querySelector('[role=alert]');
    // What the page says has come, or was refused, is not sent again.
    if (kept && kept.posted && form.querySelector('[name=attachments], #wrong-photos, #wrong-voice')) {
      drop(kept);
      kept.files = 0;
    }
    if (kept) beside = kept.files || 0;
    if (inputs().length) tidy();
    form.addEventListener('change', pick);
    document.addEventListener('click', pressedNow, true);
    form.addEventListener('submit', onSubmit);
    form.addEventListener('input', keep);
    form.addEventListener('change', keep);
    window.addEventListener('pagehide', keep);
    if (kept && kept.state === 'sent') {
      say('sent', link('receipt', kept.receipt));
      forget(place);
    } else if (kept && shown) {
      keep();
      refill(kept);
    } else if (kept) {
      restore(kept);
      refill(kept).then(function (whole) {
        if (!whole) lost(place, kept);
        else if (kept.state === 'sending') send(place, kept);
        else say('kept', button('clear', start));
      });
    } else if (document.body.hasAttribute('data-offline')) {
      say('offline', null, true);
    } else unfinished();
    // A draft has its own key, and a puzzle is for one.
    if (form.elements.key.value === key) work();
  }
  // Another form of this window that was begun: a bad rating's second step has no address of its own.
  function unfinished() {
    var code = place.split('/')[0];
    ids().some(function (id) {
      var kept = id !== place && id.indexOf(code + '/') === 0 ? read(id) : null;
      if (!kept || kept.state !== 'typing') return false;
      say('unfinished', kept.action !== path ? link('go', kept.action) : button('go', function () { face(kept); }));
      return true;
    });
  }
  function face(kept) {
    var level = kept.fields.filter(function (pair) { return pair[0] === 'satisfaction'; })[0];
    var one = level && form.querySelector('button[name=satisfaction][value="' + level[1] + '"]');
    if (one) one.click();
  }

  // How long a text is by now; without this file its limit stands there.
  function count(area) {
    var hint = document.getElementById('count-' + area.id), told = area.getAttribute('data-counts');
    function tell() { hint.textContent = told.replace('{n}', Array.from(area.value).length); }
    document.addEventListener('input', tell);
    if (area.value) tell();
  }

  Array.prototype.forEach.call(document.querySelectorAll('[data-counts]'), count);
  if (form && window.fetch && window.URLSearchParams && form.elements.key) open();
  ids().forEach(settle);
  window.addEventListener('online', retry);
  document.addEventListener('visibilitychange', function () { if (!document.hidden) retry(); });
  if ('serviceWorker' in navigator && form && !document.body.hasAttribute('data-offline')) {
    navigator.serviceWorker.register('/sw.js').then(function () { return navigator.serviceWorker.ready; })
      .then(function (ours) { ours.active.postMessage(path); }, function () { /* it works without */ });
  }
})();
