package awsmodel

import (
	"fmt"
	"strconv"
	"strings"
)

// recordKeys are those of the changes to a zone of Amazon Route 53 (Amazon Route 53 Developer Guide, "Using IAM policy conditions for fine-grained access
// control"). Policies hold them by ForAllValues, which allows what has no such key.
func (r *reader) recordKeys(keys map[string][]string) {
	if vpc, is := r.operation.Input["VPC"].(map[string]any); is { // Service Authorization Reference, "Amazon Route 53": route53:VPCs
		id, _ := vpc["VPCId"].(string)
		region, _ := vpc["VPCRegion"].(string)
		keys["route53:vpcs"] = []string{"VPCId=" + id + ",VPCRegion=" + region}
	}
	if r.operation.Name != "ChangeResourceRecordSets" {
		return
	}
	put := func(key string, texts []string) {
		if len(texts) > 0 {
			keys["route53:changeresourcerecordsets"+key] = texts
		}
	}
	put("actions", r.textsAt("ChangeBatch", "Changes", "Action"))
	put("recordtypes", r.textsAt("ChangeBatch", "Changes", "ResourceRecordSet", "Type"))
	var names []string
	for _, name := range r.textsAt("ChangeBatch", "Changes", "ResourceRecordSet", "Name") {
		names = append(names, recordName(name))
	}
	put("normalizedrecordnames", names)
}

// recordName is a name as the guide has policies write it: in lower case, without the dot at the end, with \ and three octal digits for all characters
// but letters, digits, hyphens, underscores and the dots between labels. A request may write any character so.
func recordName(name string) string {
	var normal strings.Builder
	name = strings.TrimSuffix(name, ".")
	for i := 0; i < len(name); i++ {
		c, plain := name[i], true
		if c == '\\' && i+3 < len(name) {
			if code, err := strconv.ParseUint(name[i+1:i+4], 8, 8); err == nil {
				c, i, plain = byte(code), i+3, false
			}
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_', c == '.' && plain:
			normal.WriteByte(c)
		default:
			fmt.Fprintf(&normal, `\%03o`, c)
		}
	}
	return normal.String()
}
