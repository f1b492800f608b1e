"""packed: containers that are no documents → the files and the body in them.

`members` is the door: kind by kind, `tnef` (winmail.dat), `msg` (Outlook's own), `mail` (.eml) and `tar` (.tar, .gz) do the
work. What comes out is counted in `bag`; `mapi` unpacks the RTF that the first two share.
"""
