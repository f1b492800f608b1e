"""What people look up in the record, for the pages and the commands alike: gathered in one session, frozen, in Chinese words.

    units        one unit: contacts, what it owes, the versions of each form, all that went between it and the office
    history      the last of these as lines; `versions` of a form, field by field (pure)
    mails        every mail with its fate; one mail with its parts, what was read of it, what was answered
    statistics   how the campaign went, as `figures` counts it
    audit        who did what

Must not: load flask or rich (a page and a command each have their own way to draw), change anything, hold a session open.
"""
