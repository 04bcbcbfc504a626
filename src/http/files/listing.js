document.addEventListener('DOMContentLoaded', function () {
  var body = document.getElementById('tb'), heads = document.querySelectorAll('th a');
  var state = /sc=([012])&so=(-?1)$/.exec(location.hash) || [0, 2, 1];
  var column = Number(state[1]), direction = Number(state[2]);

  function key(row, column) {
    return Number(row.cells[column].getAttribute('name'));
  }

  function compare(a, b) {
    var order = (key(b, 2) < 0) - (key(a, 2) < 0);
    if (order === 0 && column > 0) order = key(b, column) - key(a, column);
    if (order === 0 && column === 0) order = a.cells[0].textContent.localeCompare(b.cells[0].textContent);
    return order * direction;
  }

  function sort() {
    Array.prototype.slice.call(body.rows).sort(compare).forEach(function (row) { body.appendChild(row); });
  }

  Array.prototype.forEach.call(heads, function (head) {
    head.addEventListener('click', function (event) {
      var clicked = Number(head.getAttribute('rel'));
      if (clicked === column) direction = -direction;
      column = clicked;
      location.hash = 'sc=' + column + '&so=' + direction;
      sort();
      event.preventDefault();
    });
  });
  sort();
});
