"""What is known of vendors, each fact once: service types, hosts, credentials and what is none."""
