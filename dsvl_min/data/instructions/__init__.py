"""Instructions: what people ask of pictures, one module for each main class of the taxonomy (paper Table 3)."""
