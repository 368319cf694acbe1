"""Pages and formats of the directory beside its API: links to pass on, linked data, sitemap."""
