"""Build what Azure Functions gets: the app, its libraries as pinned, of msgraph what is used."""
