package awsmodel

// CBORTexts tells visit every text in an answer of Smithy RPC v2 CBOR, with the name of the member that it, or the list that it is in, belongs to.
// Of what is not one item of CBOR the error says where; an empty document has no text.
func CBORTexts(document []byte, visit func(name, text string)) error {
	if len(document) == 0 {
		return nil
	}
	s := &cborScanner{data: document}
	if err := s.texts("", visit); err != nil {
		return err
	}
	if s.at != len(document) {
		return s.fault("something follows the document")
	}
	return nil
}

// texts takes one item.
func (s *cborScanner) texts(name string, visit func(name, text string)) error {
	for {
		major, _, err := s.peek()
		if err != nil {
			return err
		}
		switch major {
		case cborText:
			text, err := s.string()
			if err == nil {
				visit(name, text)
			}
			return err
		case cborBytes:
			_, err := s.bytes(cborBytes)
			return err
		case cborList:
			return s.each(cborList, func(int) error { return s.texts(name, visit) })
		case cborMap:
			return s.each(cborMap, func(int) error {
				member, err := s.string()
				if err != nil {
					return err
				}
				return s.texts(member, visit)
			})
		}
		if _, _, _, err := s.head(); err != nil || major != cborTag { // what a tag is on comes after it
			return err
		}
	}
}
