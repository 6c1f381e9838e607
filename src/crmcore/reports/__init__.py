"""Reports: records in, frozen results out; every result prints itself as text and HTML."""
