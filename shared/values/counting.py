"""How far figures beside a link are counted: nobody works through more, and it takes its time."""

MOST = 1000
