from hostile_store import image, put, tag, write_index

tag('a', image)
put('secret of the store')
write_index()
