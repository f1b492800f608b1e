"""The clerk's desk in the browser: pages over the same record and the same actions that the commands have.

    serving        waitress in a thread of the daemon; ends with it
    application    the Flask application: doors first, then the pages
    doors          who may come in: Host, Origin, login, CSRF token, headers
    accounts       names and hashed passwords, throttled; `ended` the sessions that were logged out of
    numbers        numbers in paths, addresses and forms: what the record can't hold is no page
    context        what every page needs: the App, the ledger (kept until the record changes), words and dates
    chart          arrivals a day as coordinates of an inline SVG (pure); `links` to pages that may not be there
    originals      mails and documents as the locked worker shows them, the last few kept
    pages/         one module a page: gather from the record (by `scheduler.lookup` what commands show too), hand values on
    templates/     HTML, which works without JavaScript; static/ has the one style sheet

What a person does here is done by the functions of the commands (`outbox_desk`, `decide`, `noting`), each in one transaction, with
a line in the audit. Pages never parse what came by mail: originals are shown as the locked worker rendered them.
Must not: fetch, send, or hold a session of the record open while it renders.
Standards: OWASP ASVS 4.0 V3 (sessions), V13; CSP level 2 (an office's browser may be Chrome 80).
"""
