def acknowledge(stage): pass
