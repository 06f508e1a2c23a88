// What makes the staff's pages quicker. Nothing is lost without it. In a list j and k go through the
// rows, Enter opens, x ticks, Shift+J ticks on the way,
// as does Shift with a click from the last tick. Beyond that it reads attributes:
//   data-key="c"      this key presses, opens or puts the cursor into the element; "g i" is two keys
//   data-needs="a=b,c; d=e"  shown only while the fields of these names have one of these values
//   data-seen="id"    shows what stands in that field
//   data-draft="address"  a form that is sent there by itself while somebody writes; what it says is
//                     put into [data-told]
//   data-ticks        shown while rows are ticked, of whose number its [data-ticked] tells
//   data-kept         a form to bring back to the page where it stood, after signing in by [data-back]
'use strict';
(function () {
  var body = document.body, root = document.documentElement;
  var WRITES = 'textarea, select, [contenteditable], input:not([type=radio]):not([type=checkbox])';
  var ROWS = '.list tbody tr, .stack tbody tr';
  var KEPT = 'mashang-kept', ASKED = 'mashang-asked', LONG = 30 * 60 * 1000, PAUSE = 1500;

  function all(selector, inside) { return Array.prototype.slice.call((inside || document).querySelectorAll(selector)); }
  function seen(one) { return !!one && one.getClientRects().length > 0 && !one.disabled; }

  // ── keys ──────────────────────────────────────────────────────────────────────────────────────
  var singles = root.dataset.keys !== 'off', before = '', timer = 0;
  // Somebody's own keys by the usual ones; pages are written with the usual ones.
  var OWN = JSON.parse(root.dataset.own || '{}');
  if (singles) root.classList.add('keyed');

  function mine(key) { return OWN[key] || key; }
  function usual(key) {
    var meant = Object.keys(OWN).filter(function (one) { return OWN[one] === key; })[0];
    return meant || (key in OWN ? '' : key);
  }
  function spell(inside) {
    all('kbd', inside).forEach(function (one) { one.textContent = mine(one.textContent); });
  }

  function press(one) {
    if (one.matches('a, button, summary')) { one.focus(); one.click(); return; }
    var field = one.matches('input, textarea, select') ? one : one.querySelector('input:not([type=hidden]), textarea, select, summary, button, a');
    one.scrollIntoView({block: 'nearest'});
    if (field) field.focus();
    if (field && field.matches('summary') && !field.parentNode.open) field.click();
  }

  function named(key) { return all('[data-key]').filter(function (one) { return one.dataset.key === key && seen(one); })[0]; }

  // A digit chooses: in the group where the cursor is, else in the one marked for it.
  function choose(digit) {
    var group = document.activeElement.closest('fieldset') || document.querySelector('fieldset[data-digits]');
    var choice = group && all('input[type=radio], input[type=checkbox]', group).filter(seen)[digit - 1];
    if (choice) { choice.focus(); choice.click(); }
    return !!choice;
  }

  function rows() { return all(ROWS).filter(seen); }
  function box(row) { return row && row.querySelector('input[type=checkbox]'); }
  function tick(row, value) {
    if (box(row) && box(row).checked !== value) box(row).click();
  }
  function move(step, ticking) {
    var list = rows(), here = list.indexOf(document.activeElement.closest(ROWS));
    var next = list[here < 0 ? 0 : Math.min(Math.max(here + step, 0), list.length - 1)];
    if (!next) return false;
    if (ticking) { tick(list[here], true); tick(next, true); }
    var link = next.querySelector('a[href]');
    if (link) link.focus();
    next.scrollIntoView({block: 'nearest'});
    return true;
  }

  function single(key) {
    var pair = before + ' ' + key, row = document.activeElement.closest(ROWS);
    var waiting = before;
    before = '';
    if (waiting && named(pair)) { press(named(pair)); return true; }
    if (key === '?') return show();
    if (key === 'j' && move(1) || key === 'J' && move(1, true) || key === 'k' && move(-1)) return true;
    if (key === 'x' && box(row)) { tick(row, !box(row).checked); return true; }
    if (/^[1-9]$/.test(key) && choose(Number(key))) return true;
    if (named(key)) { press(named(key)); return true; }
    if (all('[data-key^="' + CSS.escape(key) + ' "]').length) {
      before = key;
      clearTimeout(timer);
      timer = setTimeout(function () { before = ''; }, PAUSE);
      return true;
    }
    return false;
  }

  // The next act of what is being written: the first filled button after the cursor's section.
  function send(from) {
    var part = from.closest('section') || from.form;
    var button = part && all('button', part).filter(function (one) {
      return seen(one) && !one.matches('.second, .plain, .enter, [type=button]');
    })[0];
    if (button) button.click();
  }

  document.addEventListener('keydown', function (event) {
    var at = event.target;
    if (event.isComposing || event.altKey || event.defaultPrevented) return;
    if (event.key === 'Escape') { leave(at); return; }
    if (event.ctrlKey || event.metaKey) {
      if (event.key === 'Enter' && at.form) { event.preventDefault(); send(at); }
      return;
    }
    if (!singles || event.key.length !== 1 || at.matches(WRITES)) return;
    if (document.querySelector('dialog[open]') ? usual(event.key) === '?' && hide() : single(before ? event.key : usual(event.key))) event.preventDefault();
  });

  function leave(at) {
    var menu = at.closest('details.me[open]');
    if (menu) { menu.open = false; menu.querySelector('summary').focus(); } else if (at.matches(WRITES)) at.blur();
  }

  // ── the sheet of keys lies over the page, which keeps what is typed ───────────────────────────
  function show() {
    var sheet = document.querySelector('dialog.sheet');
    if (!sheet) {
      var told = document.getElementById('keys-told');
      if (!told || !window.HTMLDialogElement) return false;
      sheet = document.createElement('dialog');
      sheet.className = 'sheet';
      sheet.setAttribute('aria-labelledby', 'keys-title');
      sheet.appendChild(told.content.cloneNode(true));
      spell(sheet);
      own(sheet.querySelector('[data-own]'));
      body.appendChild(sheet);
      sheet.querySelector('button').addEventListener('click', hide);
    }
    sheet.showModal();
    return true;
  }
  // The keys of this very page, by the words on what they press.
  function own(list) {
    var given = {};
    all('main [data-key], .rail [data-key]').forEach(function (one) {
      if (given[one.dataset.key] || !seen(one)) return;
      given[one.dataset.key] = true;
      var line = document.createElement('li'), words = document.createElement('span'), keys = document.createElement('span');
      var copy = one.cloneNode(true);
      all('kbd', copy).forEach(function (kbd) { kbd.remove(); });
      words.textContent = one.getAttribute('aria-label') || (copy.querySelector('h2, legend, summary, label') || copy).textContent.trim();
      one.dataset.key.split(' ').forEach(function (key) {
        var kbd = document.createElement('kbd');
        kbd.textContent = one.dataset.key === key ? mine(key) : key;
        keys.append(kbd, ' ');
      });
      line.append(words, keys);
      list.appendChild(line);
    });
    list.parentNode.hidden = !list.children.length;
  }
  function hide() { document.querySelector('dialog.sheet').close(); return true; }

  document.addEventListener('click', function (event) {
    var sheet = event.target.closest && event.target.closest('a[data-sheet]');
    if (sheet && show()) event.preventDefault();
    all('details.me[open]').forEach(function (menu) { if (!menu.contains(event.target)) menu.open = false; });
  });

  // ── what depends on what is chosen ────────────────────────────────────────────────────────────
  function values(name) {
    return all('[name="' + CSS.escape(name) + '"]').filter(function (one) {
      return one.checked || !/^(radio|checkbox)$/.test(one.type);
    }).map(function (one) { return one.value; });
  }
  function needed(told) {
    return told.split(';').every(function (one) {
      var parts = one.trim().split('='), wanted = parts[1].split(',');
      return values(parts[0]).some(function (value) { return wanted.indexOf(value) >= 0; });
    });
  }
  function look() {
    all('[data-needs]').forEach(function (one) { one.hidden = !needed(one.dataset.needs); });
    all('[data-seen]').forEach(function (one) {
      var field = document.getElementById(one.dataset.seen);
      if (field) one.textContent = field.value;
    });
  }
  document.addEventListener('input', look);
  document.addEventListener('change', look);

  // ── ticked rows ───────────────────────────────────────────────────────────────────────────────
  var last = null;
  function ticked() {
    var boxes = all('.list tbody .x input');
    var n = boxes.filter(function (one) {
      one.closest('tr').classList.toggle('sel', one.checked);
      return one.checked;
    }).length;
    all('[data-ticks]').forEach(function (bar) {
      var told = bar.querySelector('[data-ticked]');
      bar.hidden = !n;
      told.textContent = told.dataset.ticked.replace('{n}', n);
    });
  }
  document.addEventListener('click', function (event) {
    var row = event.target.closest && event.target.matches('input[type=checkbox]') && event.target.closest(ROWS);
    if (!row) return;
    var list = rows(), from = list.indexOf(last), to = list.indexOf(row);
    if (event.shiftKey && from >= 0) {
      list.slice(Math.min(from, to), Math.max(from, to) + 1).forEach(function (one) {
        if (box(one)) box(one).checked = event.target.checked;
      });
    }
    last = row;
    ticked();
  });
  // Also what a browser ticks again by itself, on the way back.
  window.addEventListener('pageshow', ticked);

  // ── drafts ────────────────────────────────────────────────────────────────────────────────────
  all('form[data-draft]').forEach(function (form) {
    var due = 0;
    form.addEventListener('input', function () {
      clearTimeout(due);
      due = setTimeout(save, PAUSE);
    });
    form.addEventListener('submit', function () { clearTimeout(due); });
    function save() {
      fetch(form.dataset.draft, {method: 'POST', body: new URLSearchParams(new FormData(form))}).then(function (answer) {
        return answer.ok && answer.text();
      }).then(function (told) {
        if (told) all('[data-told]', form).forEach(function (one) { one.innerHTML = told; });
      }, function () {});
    }
  });

  // ── an ended session: what was typed waits in this tab for the page where it was typed ────────
  // Where a page was asked for, not sent: a link can lead back there.
  var asked = document.querySelector('[data-asked]');
  if (asked) sessionStorage.setItem(ASKED, location.href);
  function keep(form) {
    var from = sessionStorage.getItem(ASKED) && new URL(sessionStorage.getItem(ASKED));
    if (!from || from.origin !== location.origin) return;
    var fields = all('textarea, input', form).filter(function (one) { return !/^(csrf|key|revision)$/.test(one.name); });
    var kept = {at: Date.now(), path: from.pathname, fields: fields.map(function (one) { return [one.name, one.value]; })};
    sessionStorage.setItem(KEPT, JSON.stringify(kept));
    all('a[data-back]').forEach(function (link) {
      var way = new URL(link.href), next = way.searchParams.get('next') || '';
      way.searchParams.set('next', (/^https?:/.test(next) ? from.origin : '') + from.pathname + from.search);
      link.href = way;
      link.removeAttribute('target');
      link.textContent = link.dataset.back;
    });
  }
  function bring() {
    var kept = JSON.parse(sessionStorage.getItem(KEPT) || 'null');
    if (!kept || kept.path !== location.pathname || !document.querySelector('main form[method=post]')) return;
    sessionStorage.removeItem(KEPT);
    if (Date.now() - kept.at > LONG) return;
    kept.fields.forEach(function (pair) {
      all('main [name="' + CSS.escape(pair[0]) + '"]').forEach(function (one) {
        if (one.type === 'radio' || one.type === 'checkbox') one.checked = one.checked || one.value === pair[1];
        else if (one.type !== 'hidden' && one.type !== 'file' && !one.value) one.value = pair[1];
        var closed = pair[1] && one.value === pair[1] && one.closest('details:not([open])');
        if (closed) closed.open = true;
      });
    });
    var told = document.getElementById('kept-told');
    if (told) document.querySelector('main').prepend(told.content.cloneNode(true));
  }
  var form = document.querySelector('form[data-kept]');
  if (form) keep(form);
  else bring();
  look();
  spell();
})();
