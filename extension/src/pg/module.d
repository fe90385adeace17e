extension/src/pg/module.o: extension/src/pg/module.cpp \
 extension/src/pg/server.hpp
extension/src/pg/server.hpp:
