"""Monthly fields read from NetCDF onto one grid."""
