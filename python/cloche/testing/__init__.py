"""Tools for tests: strategies of documents, facts that hold for every result, a slow reference of the projection."""
