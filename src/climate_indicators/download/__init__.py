"""Downloads from public archives, each made once, checked and kept."""
