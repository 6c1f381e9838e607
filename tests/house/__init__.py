"""The house rules: layers, sizes, names and documents, checked like everything else."""
