"""Settings shipped with the product: the commented example and the sample district of the demo."""
