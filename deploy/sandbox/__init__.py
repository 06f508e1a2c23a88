"""A simulator of the SMS and airtime vendors, and the independent witness of the tests.

It speaks each vendor's dialect (``dialects``: one a vendor, under the vendor's name), keeps in its
own book what it truly paid and sent, and misbehaves on demand under ``/admin/faults``. It shares no
code with the services, so a mistake of theirs cannot hide in it. Being the vendor's side it knows
the numbers it serves; it never logs them.

Numbers decide the outcome. The last two digits, for airtime: 02 invalid, 03 barred, 04 operator
down, 05 duplicate, 06 declined, 07 exception, 08 no network has the number, so look-ups and orders
refuse it at once, anything else is completed; 09 was ported: look-ups name another network than its
prefix. For SMS: 02 illegal number, 03 accepted but undelivered, 04 system error, 05 frequency
limit, 06 opted out, anything else is delivered. The third digit from the end delays it: 1, 2, 3 for
3 s, 20 s, 5 min.

For people on the same machine: ``GET /phone`` shows what arrived on a citizen's phone, by itself.
For tests there: ``GET``/``DELETE /admin/book``, ``GET /admin/statement``, and
``GET``/``POST``/``DELETE /admin/faults`` (see ``faults.Fault``), and ``POST /admin/replies`` with
vendor, phone and text: the citizen replies. Marks in the docstrings say how
sure a detail is: [D] the vendor's documentation, [C] public code, [M] from memory.
"""
