"""How large the blocks of a raster are in its file."""


def bytes_of_blocks(raster, window):
    """Bytes of the blocks of an open raster's first band that a window touches."""
    (row_start, row_stop), (col_start, col_stop) = window.toranges()
    height, width = raster.block_shapes[0]
    return sum(
        int(raster.get_tag_item(f"BLOCK_SIZE_{col}_{row}", "TIFF", bidx=1))
        for row in range(row_start // height, (row_stop - 1) // height + 1)
        for col in range(col_start // width, (col_stop - 1) // width + 1)
    )
