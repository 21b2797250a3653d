"""The embedded service over HTTP: one address for the job, object and region hosts of the vendor.

``serve`` is the process, ``protocol`` the connection, ``app`` one request from its head to its reply, ``route`` finds
out which call it is, ``auth`` whether it may be made, ``receive`` takes its body within limits. What the calls do is
`cardocr_nb.local._service`, the same as in this process.
"""
