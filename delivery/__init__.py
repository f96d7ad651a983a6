"""What is done with an assembly: deploy it, publish the page, price it, compare it with what runs."""
