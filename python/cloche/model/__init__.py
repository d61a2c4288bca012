"""Documents: deals, scenarios, default models and states, as people write and as the engine reads them."""
