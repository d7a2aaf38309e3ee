"""The snow study: what daily weather says about snow cover, seasons, trends and regressions."""
