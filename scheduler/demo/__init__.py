"""`intake demo`: the notice's weeks on loopback, on a stepped clock, through the very code that `run` uses.

`server` an embedded mailbox with NetEase's habits · `sink` an SMTP server that keeps what it gets · `story` who sends
what and when · `stage` runs it, tells it, and leaves the mails and the 汇总表 to open. Everybody in it is invented.
"""
