/* Looks again each second, and replaces the screen only where it says something else. */
(function () {
  'use strict';
  var screen = document.getElementById('screen');
  function look() {
    fetch(location.href, { headers: { Accept: 'text/html' } }).then(function (answer) {
      return answer.ok ? answer.text() : null;
    }).then(function (text) {
      if (text === null) return;
      var fresh = new DOMParser().parseFromString(text, 'text/html').getElementById('screen');
      if (fresh && fresh.innerHTML !== screen.innerHTML) screen.innerHTML = fresh.innerHTML;
    }).catch(function () {}).then(function () { setTimeout(look, document.hidden ? 5000 : 1000); });
  }
  setTimeout(look, 1000);
})();
