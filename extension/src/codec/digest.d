extension/src/codec/digest.o: extension/src/codec/digest.cpp \
 extension/src/codec/digest.hpp
extension/src/codec/digest.hpp:
