"""After the count: a voter finds her own ballot in the published list, on her own device."""
