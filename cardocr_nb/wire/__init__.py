"""The contract with the service: XML and JSON both ways, in pure functions without I/O.

``models`` holds the records, ``encode`` writes documents from them, ``decode`` reads documents into them. The client
and the embedded service use the same functions from their two sides, so that neither can drift from the other.
"""
