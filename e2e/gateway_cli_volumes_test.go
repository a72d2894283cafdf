package e2e

// volumeCallers are pods with the policies of the EBS CSI driver (its example, AmazonEBSCSIDriverPolicyV2, and the one scoped to a cluster) and
// of the EFS CSI driver.
func volumeCallers() []cliCaller {
	const (
		ec2       = "arn:aws:ec2:us-west-2:111122223333:"
		ec2Shared = "arn:aws:ec2:us-west-2::" // snapshots' ARNs have no account (Service Authorization Reference, "Resource types defined by Amazon EC2")
	)
	return []cliCaller{
		{
			name: "ebs-example", upstream: "aws-ebs-csi-driver/example-iam-policy.json",
			names: map[string]string{"vol": "vol-0a1b2c3d4e5f61001", "othervol": "vol-0a1b2c3d4e5f61002", "snap": "snap-0a1b2c3d4e5f61001", "othersnap": "snap-0a1b2c3d4e5f61002",
				"vols": ec2 + "volume/", "snaps": ec2Shared + "snapshot/", "i": "i-0a1b2c3d4e5f61001"},
			attributes: map[string]string{ec2 + "volume/{vol}": "CSIVolumeName=pvc-1", ec2Shared + "snapshot/{snap}": "CSIVolumeSnapshotName=snapshot-1"},
			calls:      concat(allowedAll("0", append(volumeReads(), "ec2 describe-tags")...), exampleVolumes()),
		},
		{
			name: "ebs-v2", upstream: "aws-ebs-csi-driver/AmazonEBSCSIDriverPolicyV2.json",
			names: map[string]string{"vol": "vol-0a1b2c3d4e5f62001", "othervol": "vol-0a1b2c3d4e5f62002", "snap": "snap-0a1b2c3d4e5f62001", "othersnap": "snap-0a1b2c3d4e5f62002",
				"migrated": "vol-0a1b2c3d4e5f62003", "vols": ec2 + "volume/", "snaps": ec2Shared + "snapshot/", "i": "i-0a1b2c3d4e5f62001", "tag": "ebs.csi.aws.com/cluster", "value": "true"},
			attributes: map[string]string{ec2 + "volume/{vol}": "ebs.csi.aws.com/cluster=true", ec2 + "volume/{othervol}": "ebs.csi.aws.com/cluster=false",
				ec2 + "volume/{migrated}": "kubernetes.io/created-for/pvc/name=data", ec2Shared + "snapshot/{snap}": "ebs.csi.aws.com/cluster=true"},
			calls: concat(allowedAll("0", volumeReads()...), taggedVolumes([9]string{"1", "4 5", "6", "6 9", "8", "10", "12", "8 1", "11"}), migratedVolumes()),
		},
		{
			name: "ebs-cluster", upstream: "aws-ebs-csi-driver/AmazonEBSCSIDriverEKSClusterScopedPolicy.json", principal: map[string]string{"eks-cluster-name": "demo"},
			names: map[string]string{"vol": "vol-0a1b2c3d4e5f63001", "othervol": "vol-0a1b2c3d4e5f63002", "snap": "snap-0a1b2c3d4e5f63001", "othersnap": "snap-0a1b2c3d4e5f63002",
				"vols": ec2 + "volume/", "snaps": ec2Shared + "snapshot/", "i": "i-0a1b2c3d4e5f63001", "manual": "i-0a1b2c3d4e5f63002", "otheri": "i-0a1b2c3d4e5f63003",
				"instances": ec2 + "instance/", "tag": "ebs.csi.aws.com/cluster-name", "value": "demo"},
			attributes: map[string]string{ec2 + "volume/{vol}": "ebs.csi.aws.com/cluster-name=demo", ec2 + "volume/{othervol}": "ebs.csi.aws.com/cluster-name=live",
				ec2Shared + "snapshot/{snap}": "ebs.csi.aws.com/cluster-name=demo", ec2Shared + "snapshot/{othersnap}": "ebs.csi.aws.com/cluster-name=live",
				ec2 + "instance/{i}": "eks:cluster-name=demo", ec2 + "instance/{manual}": "ebs.csi.aws.com/cluster-name=demo", ec2 + "instance/{otheri}": "eks:cluster-name=live"},
			calls: concat(allowedAll("0", volumeReads()...), taggedVolumes([9]string{"1", "3 4", "5", "5 7", "6", "9", "11", "6 1", "10"}), clusterVolumes()),
		},
		{
			name: "efs-example", upstream: "aws-efs-csi-driver/iam-policy-example.json",
			names: map[string]string{"points": "arn:aws:elasticfilesystem:us-west-2:111122223333:access-point/", "point": "fsap-0a1b2c3d4e5f61001", "otherpoint": "fsap-0a1b2c3d4e5f61002",
				"fs": "fs-0a1b2c3d4e5f61001"},
			attributes: map[string]string{"{points}{point}": "efs.csi.aws.com/cluster=true", "{points}{otherpoint}": "efs.csi.aws.com/cluster=false"},
			calls:      accessPoints(),
		},
	}
}

// volumeReads are the calls of every EBS policy's first statement.
func volumeReads() []string {
	return []string{"ec2 describe-availability-zones", "ec2 describe-instances --instance-ids {i}", "ec2 describe-instance-types --instance-types m5.large",
		"ec2 describe-snapshots --snapshot-ids {snap}", "ec2 describe-volumes --volume-ids {vol} {othervol}", "ec2 describe-volumes-modifications",
		"ec2 describe-volume-status --volume-ids {vol}"}
}

func exampleVolumes() []cliCall {
	const (
		make     = "ec2 create-volume --availability-zone us-west-2a --size 8"
		snapshot = "ec2 create-snapshot --volume-id {othervol}"
		tags     = " --tag-specifications ResourceType=volume,Tags="
		named    = " --tag-specifications ResourceType=snapshot,Tags="
	)
	return []cliCall{
		{allowed: "7", run: make + tags + "[{Key=ebs.csi.aws.com/cluster,Value=true}]"},
		{allowed: "5", run: make + tags + "[{Key=ebs.csi.aws.com/cluster,Value=true}]"},
		{allowed: "8", run: make + tags + "[{Key=CSIVolumeName,Value=pvc-2}]"},
		{allowed: "4", run: make + " --snapshot-id {snap}" + tags + "[{Key=CSIVolumeName,Value=pvc-2}]"},
		{denied: "ec2:CreateVolume {vols}*", run: make + tags + "[{Key=ebs.csi.aws.com/cluster,Value=false}]"},
		{denied: "ec2:CreateVolume {vols}*", run: make},
		{allowed: "1 13", run: snapshot + named + "[{Key=ebs.csi.aws.com/cluster,Value=true}]"},
		{allowed: "1 12", run: snapshot + named + "[{Key=CSIVolumeSnapshotName,Value=snapshot-2}]"},
		{denied: "ec2:CreateSnapshot {snaps}*", run: snapshot},
		{allowed: "1", run: "ec2 modify-volume --volume-id {othervol} --size 16"},
		{allowed: "2 7", run: "ec2 copy-volumes --source-volume-id {vol}" + tags + "[{Key=ebs.csi.aws.com/cluster,Value=true}]"},
		{denied: "ec2:CopyVolumes", run: "ec2 copy-volumes --source-volume-id {vol}"},
		{allowed: "3", run: "ec2 attach-volume --volume-id {othervol} --instance-id {i} --device /dev/sdf"},
		{allowed: "3", run: "ec2 detach-volume --volume-id {othervol} --instance-id {i}"},
		{allowed: "4", run: "ec2 enable-fast-snapshot-restores --availability-zones us-west-2a --source-snapshot-ids {othersnap}"},
		{denied: "ec2:DisableFastSnapshotRestores", run: "ec2 disable-fast-snapshot-restores --availability-zones us-west-2a --source-snapshot-ids {othersnap}"},
		{denied: "ec2:CreateTags {vols}{vol}", run: "ec2 create-tags --resources {vol} --tags Key=team,Value=web"},
		{allowed: "6", run: "ec2 delete-tags --resources {vol} {snap} --tags Key=team"},
		{denied: "ec2:DeleteTags", run: "ec2 delete-tags --resources {i} --tags Key=team"},
		{allowed: "10", run: "ec2 delete-volume --volume-id {vol}"},
		{denied: "ec2:DeleteVolume {vols}{othervol}", run: "ec2 delete-volume --volume-id {othervol}"},
		{denied: "ec2:DeleteVolume", run: "ec2 delete-volume --region eu-west-1 --volume-id {vol}"},
		{allowed: "14", run: "ec2 delete-snapshot --snapshot-id {snap}"},
		{denied: "ec2:DeleteSnapshot {snaps}{othersnap}", run: "ec2 delete-snapshot --snapshot-id {othersnap}"},
		{allowed: "14", run: "ec2 lock-snapshot --snapshot-id {snap} --lock-mode governance --lock-duration 1"},
		{denied: "ec2:LockSnapshot {snaps}{othersnap}", run: "ec2 lock-snapshot --snapshot-id {othersnap} --lock-mode governance --lock-duration 1"},
		{denied: "ec2:DescribeImages", run: "ec2 describe-images"},
		{served: "(DryRunOperation)", run: "ec2 delete-volume --volume-id {vol} --dry-run"},
		{denied: "ec2:DeleteVolume {vols}{othervol}", run: "ec2 delete-volume --volume-id {othervol} --dry-run"},
	}
}

// taggedVolumes are the calls of the policies that ask for a tag of the driver's on every volume and snapshot. by are the statements of each, in
// this order: create a volume, a snapshot; change a volume; attach it; restore from a snapshot; delete one; tag a volume; create one from a
// snapshot; tag what is created.
func taggedVolumes(by [9]string) []cliCall {
	const (
		make     = "ec2 create-volume --availability-zone us-west-2a --size 8"
		tags     = " --tag-specifications ResourceType=volume,Tags=[{Key={tag},Value={value}}]"
		named    = " --tag-specifications ResourceType=snapshot,Tags=[{Key={tag},Value={value}}]"
		others   = "Tags=[{Key={tag},Value=other}]"
		attach   = "ec2 attach-volume --instance-id {i} --device /dev/sdf --volume-id"
		detach   = "ec2 detach-volume --instance-id {i} --volume-id"
		restores = "ec2 enable-fast-snapshot-restores --availability-zones us-west-2a --source-snapshot-ids"
		lock     = "ec2 lock-snapshot --lock-mode governance --lock-duration 1 --snapshot-id"
	)
	return []cliCall{
		{allowed: by[0], run: make + tags},
		{allowed: by[8], run: make + tags},
		{denied: "ec2:CreateVolume {vols}*", run: make + " --tag-specifications ResourceType=volume," + others},
		{allowed: by[7], run: make + " --snapshot-id {snap}" + tags},
		{denied: "ec2:CreateVolume {snaps}{othersnap}", run: make + " --snapshot-id {othersnap}" + tags},
		{allowed: by[1], run: "ec2 create-snapshot --volume-id {vol}" + named},
		{denied: "ec2:CreateSnapshot {vols}{othervol}", run: "ec2 create-snapshot --volume-id {othervol}" + named},
		{denied: "ec2:CreateSnapshot {snaps}*", run: "ec2 create-snapshot --volume-id {vol} --tag-specifications ResourceType=snapshot," + others},
		{allowed: by[2], run: "ec2 modify-volume --volume-id {vol} --size 16"},
		{denied: "ec2:ModifyVolume {vols}{othervol}", run: "ec2 modify-volume --volume-id {othervol} --size 16"},
		{allowed: by[3], run: attach + " {vol}"},
		{denied: "ec2:AttachVolume {vols}{othervol}", run: attach + " {othervol}"},
		{allowed: by[3], run: detach + " {vol}"},
		{denied: "ec2:DetachVolume {vols}{othervol}", run: detach + " {othervol}"},
		{allowed: by[2], run: "ec2 delete-volume --volume-id {vol}"},
		{denied: "ec2:DeleteVolume {vols}{othervol}", run: "ec2 delete-volume --volume-id {othervol}"},
		{denied: "ec2:DeleteVolume", run: "ec2 delete-volume --region eu-west-1 --volume-id {vol}"},
		{allowed: by[4], run: restores + " {snap}"},
		{denied: "ec2:EnableFastSnapshotRestores {snaps}{othersnap}", run: restores + " {snap} {othersnap}"},
		{allowed: by[5], run: "ec2 delete-snapshot --snapshot-id {snap}"},
		{denied: "ec2:DeleteSnapshot {snaps}{othersnap}", run: "ec2 delete-snapshot --snapshot-id {othersnap}"},
		{allowed: by[5], run: lock + " {snap}"},
		{denied: "ec2:LockSnapshot {snaps}{othersnap}", run: lock + " {othersnap}"},
		{allowed: by[6], run: "ec2 create-tags --resources {vol} --tags Key=team,Value=web"},
		{allowed: by[6], run: "ec2 delete-tags --resources {vol} --tags Key=team"},
		{denied: "ec2:CreateTags {vols}{vol}", run: "ec2 create-tags --resources {vol} --tags Key=team,Value=web Key={tag},Value={value}"},
		{denied: "ec2:CreateTags {vols}{othervol}", run: "ec2 create-tags --resources {othervol} --tags Key=team,Value=web"},
		{denied: "ec2:CreateTags {snaps}{snap}", run: "ec2 create-tags --resources {snap} --tags Key=team,Value=web"},
		{denied: "ec2:DeleteTags {vols}{vol}", run: "ec2 delete-tags --resources {vol} --tags Key={tag}"},
		{denied: "ec2:DescribeTags", run: "ec2 describe-tags"},
	}
}

// migratedVolumes are those that Kubernetes' own driver made, of AmazonEBSCSIDriverPolicyV2.
func migratedVolumes() []cliCall {
	return []cliCall{
		{allowed: "7", run: "ec2 delete-volume --volume-id {migrated}"},
		{allowed: "7 9", run: "ec2 attach-volume --instance-id {i} --device /dev/sdf --volume-id {migrated}"},
		{denied: "ec2:CreateSnapshot {vols}{migrated}", run: "ec2 create-snapshot --volume-id {migrated} --tag-specifications ResourceType=snapshot,Tags=[{Key={tag},Value={value}}]"},
		{allowed: "3 1", run: "ec2 copy-volumes --source-volume-id {migrated} --tag-specifications ResourceType=volume,Tags=[{Key={tag},Value={value}}]"},
		{denied: "ec2:CopyVolumes {vols}{othervol}", run: "ec2 copy-volumes --source-volume-id {othervol} --tag-specifications ResourceType=volume,Tags=[{Key={tag},Value={value}}]"},
	}
}

// clusterVolumes are what AmazonEBSCSIDriverEKSClusterScopedPolicy asks of instances.
func clusterVolumes() []cliCall {
	return []cliCall{
		{allowed: "5 8", run: "ec2 attach-volume --instance-id {manual} --device /dev/sdf --volume-id {vol}"},
		{denied: "ec2:AttachVolume {instances}{otheri}", run: "ec2 attach-volume --instance-id {otheri} --device /dev/sdf --volume-id {vol}"},
		{denied: "ec2:DetachVolume {instances}{otheri}", run: "ec2 detach-volume --instance-id {otheri} --volume-id {vol}"},
		{allowed: "2 1", run: "ec2 copy-volumes --source-volume-id {vol} --tag-specifications ResourceType=volume,Tags=[{Key={tag},Value={value}}]"},
		{denied: "ec2:CopyVolumes {vols}{othervol}", run: "ec2 copy-volumes --source-volume-id {othervol} --tag-specifications ResourceType=volume,Tags=[{Key={tag},Value={value}}]"},
	}
}

// accessPoints are the EFS driver's. Its policy grants elasticfilesystem:TagResource by aws:ResourceTag alone, and creates access points with tags on
// AWS: what is created has the tags that the request gives it (aws-efs-csi-driver's issue 1335, "controller.tags").
func accessPoints() []cliCall {
	const make = "efs create-access-point --file-system-id {fs} --client-token pvc-1"
	return append(allowedAll("0", "efs describe-access-points --access-point-id {point}", "efs describe-file-systems", "efs describe-mount-targets --file-system-id {fs}",
		"ec2 describe-availability-zones"),
		cliCall{allowed: "1", run: make + " --tags Key=efs.csi.aws.com/cluster,Value=true"},
		cliCall{allowed: "2", run: make + " --tags Key=efs.csi.aws.com/cluster,Value=true"},
		cliCall{denied: "elasticfilesystem:CreateAccessPoint", run: make + " --tags Key=efs.csi.aws.com/cluster,Value=false"},
		cliCall{denied: "elasticfilesystem:CreateAccessPoint", run: make},
		cliCall{allowed: "2", run: "efs tag-resource --resource-id {point} --tags Key=team,Value=web"},
		cliCall{denied: "elasticfilesystem:TagResource {points}{otherpoint}", run: "efs tag-resource --resource-id {otherpoint} --tags Key=efs.csi.aws.com/cluster,Value=true"},
		cliCall{denied: "elasticfilesystem:UntagResource {points}{point}", run: "efs untag-resource --resource-id {point} --tag-keys team"},
		cliCall{allowed: "3", run: "efs delete-access-point --access-point-id {point}"},
		cliCall{denied: "elasticfilesystem:DeleteAccessPoint {points}{otherpoint}", run: "efs delete-access-point --access-point-id {otherpoint}"},
		cliCall{denied: "elasticfilesystem:DeleteAccessPoint", run: "efs delete-access-point --region eu-west-1 --access-point-id {point}"},
		cliCall{denied: "elasticfilesystem:DeleteFileSystem", run: "efs delete-file-system --file-system-id {fs}"},
		cliCall{denied: "ec2:DescribeInstances", run: "ec2 describe-instances"},
		cliCall{allowed: "0", run: "s3files list-file-systems"},
		cliCall{allowed: "0", run: "s3files list-access-points --file-system-id {fs}"},
		cliCall{allowed: "1", run: "s3files create-access-point --file-system-id {fs} --tags key=efs.csi.aws.com/cluster,value=true"},
		cliCall{denied: "s3files:CreateAccessPoint", run: "s3files create-access-point --file-system-id {fs}"},
		cliCall{denied: "s3files:DeleteAccessPoint", run: "s3files delete-access-point --access-point-id {point}"},
		cliCall{denied: "s3files:TagResource", run: "s3files tag-resource --resource-id {otherpoint} --tags key=team,value=web"},
	)
}
