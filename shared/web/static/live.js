// What happens while a page is open. [data-live] is where it is told from; then
//   data-count="late"   a figure
//   data-new="{n} new"  shown while there are cases that the page has not; rows never move
//   data-case="id"      a row, whose [data-here] is shown, with a name, while somebody has it open
//   data-told="{names}" shown while others have this very case open, which data-live names
//   data-lost="words"   shown while there is news, and other words while there is none
'use strict';
(function () {
  var page = document.querySelector('[data-live]');
  if (!page || !window.EventSource) return;
  var AGAIN = 30000, source = null, timer = 0, own = new URL(page.dataset.live, location.href).searchParams.get('case');

  function all(selector, inside) { return Array.prototype.slice.call((inside || document).querySelectorAll(selector)); }

  function state(lost) {
    all('[data-lost]').forEach(function (one) {
      one.dataset.fine = one.dataset.fine || one.textContent;
      one.hidden = false;
      one.classList.toggle('lost', lost);
      one.textContent = lost ? one.dataset.lost : one.dataset.fine;
    });
  }

  function tell(news) {
    all('[data-count]').forEach(function (one) {
      if (one.dataset.count in news.counts) one.textContent = news.counts[one.dataset.count];
    });
    all('[data-new]').forEach(function (one) {
      one.hidden = !news.new;
      one.querySelector('span').textContent = one.dataset.new.replace('{n}', news.new);
    });
    all('[data-case]').forEach(function (row) {
      var names = news.here[row.dataset.case];
      all('[data-here]', row).forEach(function (one) {
        one.hidden = !names;
        if (names) one.querySelector('[data-name]').textContent = names.join('、');
      });
      all('[data-usual]', row).forEach(function (one) { one.hidden = !!names; });
    });
    all('[data-live][data-told]').forEach(function (one) {
      var names = own && news.here[own];
      one.hidden = !names;
      if (names) one.querySelector('p').textContent = one.dataset.told.replace('{names}', names.join('、'));
    });
  }

  function listen() {
    clearTimeout(timer);
    if (source || document.hidden) return;
    source = new EventSource(page.dataset.live);
    source.onopen = function () { state(false); };
    source.onmessage = function (event) { tell(JSON.parse(event.data)); };
    source.onerror = function () {
      state(true);
      // A browser asks again by itself where nobody answered, but not where it was refused.
      if (source.readyState === EventSource.CLOSED) { stop(); timer = setTimeout(listen, AGAIN); }
    };
  }
  function stop() {
    clearTimeout(timer);
    if (source) source.close();
    source = null;
  }

  // Only what somebody looks at holds a connection.
  document.addEventListener('visibilitychange', function () { if (document.hidden) stop(); else listen(); });
  window.addEventListener('pagehide', stop);
  window.addEventListener('pageshow', listen);
  listen();
})();
