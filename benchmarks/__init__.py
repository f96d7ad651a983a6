"""What a session costs on a machine: load, measurements, and the page that reports them."""
